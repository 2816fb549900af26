"""/healthz (the process answers), /readyz (everything it needs answers too), /metrics (Prometheus)."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import closing

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline import broker
from pipeline.errors import ModelError, NutshellError
from pipeline.language.generator import open_generator
from pipeline.store import jobs, videos
from web.services import Services, services

blueprint = Blueprint("health", __name__)

PATIENCE = 3.0
"""Seconds; a part that takes longer to say that it is there is not."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@blueprint.get("/healthz")
def healthz() -> Response:
    return jsonify(status="up")


@blueprint.get("/readyz")
def readyz() -> Response:
    """503 until the database, the broker and both model processes answer; the body says which do not."""
    parts = check(services())
    response = jsonify(
        status="ready" if not any(parts.values()) else "not ready", parts={name: trouble or "ready" for name, trouble in parts.items()}
    )
    if any(parts.values()):
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return response


def check(services: Services, patience: float = PATIENCE) -> dict[str, str]:
    """What the server needs -> what is wrong with it, the empty string when nothing is. All are asked at once; none is waited for longer than `patience`."""
    tests: dict[str, Callable[[], object]] = {
        "database": services.db.ping,
        "broker": lambda: _ping_broker(services),
        "lm": lambda: _ping_model(services),
        "embed": lambda: services.embedder.queries(["ready?"]),
    }
    asked = {name: services.asked(name, test) for name, test in tests.items()}
    end = time.monotonic() + patience
    return {name: _trouble(answer, max(0.0, end - time.monotonic())) for name, answer in asked.items()}


def _ping_broker(services: Services) -> None:
    if not broker.ping(services.settings):
        raise ModelError("broker_unavailable", "Valkey does not answer. Jobs are stored and start when it is back.", retryable=True)


def _ping_model(services: Services) -> None:
    """A new client each time: the one that answers questions remembers what the server said."""
    with closing(open_generator(services.settings, in_process=False)) as generator:
        _ = generator.window


def _trouble(answer: "Future[object]", seconds: float) -> str:
    try:
        answer.result(seconds)
    except NutshellError as error:
        return str(error)
    except TimeoutError:
        return "No answer yet."
    return ""


class RowCollector(Collector):
    """Job states as the rows have them, read when Prometheus asks."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        with self._services.db.session() as s:
            counts, seen, known = jobs.counts(s), jobs.workers_seen(s), videos.count_videos(s)
        stages = GaugeMetricFamily("nutshell_stages", "Stages of jobs by queue and state.", labels=["queue", "state"])
        for (queue, state), number in counts.stages.items():
            stages.add_metric([queue.value, state.value], number)
        oldest = GaugeMetricFamily("nutshell_queue_wait_seconds", "How long the first stage in line has been due.", labels=["queue"])
        for queue, seconds in counts.oldest.items():
            oldest.add_metric([queue.value], seconds)
        workers = GaugeMetricFamily("nutshell_workers", "Workers that said within a minute that they live.", labels=["queue"])
        for queue, number in seen.items():
            workers.add_metric([queue.value], number)
        yield from (stages, oldest, workers)
        yield GaugeMetricFamily("nutshell_videos", "Videos in the library.", value=known)
        yield GaugeMetricFamily("nutshell_event_streams", "Open event streams of this process.", value=self._services.hub.open_streams)


def install(app: Flask, services: Services) -> None:
    registry = CollectorRegistry()
    registry.register(RowCollector(services))
    requests = Counter("nutshell_requests", "Requests answered.", ["endpoint", "method", "status"], registry=registry)
    seconds = Histogram("nutshell_request_seconds", "Time to the first byte of an answer.", ["endpoint"], registry=registry)

    def started() -> None:
        g.started = time.perf_counter()

    def ended(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        # a label for every made-up method would grow without end
        requests.labels(endpoint, request.method if request.method in METHODS else "other", str(response.status_code)).inc()
        if "started" in g:
            seconds.labels(endpoint).observe(time.perf_counter() - g.started)
        return response

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.before_request(started)
    app.after_request(ended)
    app.add_url_rule("/metrics", "metrics", metrics)
    app.register_blueprint(blueprint)
