"""How every process logs: one line of key=value on standard error, which supervisor or the container keeps. Called once, at the start of a process."""

import logging
import sys

import structlog


def configure(level: str = "info") -> None:
    """Sets structlog up. Tracebacks are plain: without the values of variables, which hold secrets and people's words."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["time", "level", "event"], drop_missing=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # looked up for each line: whoever replaces it gets the lines
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="time=%(asctime)s level=%(levelname)s event=%(message)r logger=%(name)s"
    )
