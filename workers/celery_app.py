"""Celery as a worker uses it. The rows of the database are the truth and a message is a hint, so every option below makes losing or doubling one harmless.

Start one process per queue (and per device) with
    celery --app workers.celery_app worker --queues speech --pool solo --concurrency 1 --hostname speech@%h --without-gossip --without-mingle --without-heartbeat
`--without-gossip --without-mingle` because workers have nothing to tell each other, and both have left workers silent after a reconnect (celery #8030).
"""

from pipeline import broker, logs
from pipeline.config import load

settings = load()
logs.configure(settings.log_level)
app = broker.celery_app(broker.broker_url(settings))
app.conf.update(
    # Acknowledged before it runs. Late acknowledgement is redelivered after 100 s at best and hourly for long tasks (celery #5935), and with more than one
    # at a time the worker of 5.7.0 dies when the broker restarts. What was running is found by its lease instead.
    task_acks_late=False,
    # And acknowledged in this process only, not by kombu's bookkeeping in Valkey: when the broker dies while a task runs, acknowledging there fails, the
    # message counts as unacknowledged for ever, and with one message at a time the worker waits for nothing, silently (seen with 5.7.0, solo and threads).
    broker_transport_options={"ack_emulation": False},
    # One task at a time in the process itself: a process that has used CUDA cannot be forked, and other pools ignore time limits without a word.
    worker_pool="solo",
    worker_concurrency=1,
    # Not one hint more than can be worked on: the others are for other workers.
    worker_prefetch_multiplier=1,
    # For ever, also at the start: a broker that is away must not end workers. Pauses grow from 2 to 30 seconds; nothing is lost meanwhile.
    broker_connection_retry=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # Neither remote control nor events: a solo worker does not answer while it works, so its health is the row it writes (workers/watchdog.py).
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    task_send_sent_event=False,
    # Visibility timeout, countdowns, chains and time limits are not set, because none is used: a retry is a time in the row, the next stage is a row,
    # and a task that hangs is ended by the watchdog.
    imports=("workers.tasks",),
    # Our log lines are structlog's.
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
