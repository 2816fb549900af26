"""Celery beat: every minute it says that subscriptions may be due. Which are, the database knows; so beat keeps nothing, losing it costs no more than a delay, and a
second one does no harm.

Start it with
    celery --app workers.beat beat
It has an app of its own, without the tasks, since it only names one: with them it would load the database and half of the product.
"""

from datetime import UTC, datetime

from celery.beat import ScheduleEntry, Scheduler
from kombu import Producer

from pipeline import broker, logs
from pipeline.config import load
from pipeline.jobs import Queue

EVERY_SECONDS = 60.0
MOST_WAITING = 100

settings = load()
logs.configure(settings.log_level)


class Heard(Scheduler):
    """In memory, and silent where nobody listens."""

    def apply_entry(self, entry: ScheduleEntry, producer: Producer | None = None) -> None:
        """A queue with many messages that no worker has taken is not told again, or days without a worker would fill the broker; nor is a broker that is away."""
        waiting = broker.hints_waiting(settings, Queue.BULK)
        if waiting is not None and waiting < MOST_WAITING:
            super().apply_entry(entry, producer)


app = broker.celery_app(broker.broker_url(settings))
app.conf.update(
    beat_scheduler=Heard,
    beat_schedule={
        "subscriptions": {
            "task": broker.DUE_TASK,
            "schedule": EVERY_SECONDS,
            "options": {"queue": Queue.BULK.value, "ignore_result": True},
            "last_run_at": datetime.fromtimestamp(0, UTC),  # so the first is said at once
        }
    },
    beat_enable_remote_control=False,
    # As for whoever sends (pipeline/broker.py): an answer has a deadline.
    broker_transport_options={"socket_timeout": broker.ANSWER_SECONDS, "socket_connect_timeout": broker.ANSWER_SECONDS},
    # A broker that is away at the start is waited for.
    broker_connection_max_retries=None,
    worker_hijack_root_logger=False,
)
