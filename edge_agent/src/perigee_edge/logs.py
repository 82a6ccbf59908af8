"""How the edge agent's parts log: one JSON object a line, or text for a person's terminal."""

import logging
import sys
from enum import StrEnum

import structlog

_log = structlog.get_logger(__name__)


class LogFormat(StrEnum):
    """What a log line looks like."""

    JSON = "json"
    CONSOLE = "console"


class ToStructlog(logging.Handler):
    """What libraries log by Python's own means, in the format of all the rest."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        _log.log(record.levelno, record.getMessage(), exc_info=record.exc_info)


def configure_logs(log_format: LogFormat) -> None:
    """Send every log line to standard error in the given format, stamped in UTC."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer()
    )
    # Local variables would put the token into the log.
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([tracebacks] if log_format is LogFormat.JSON else []),
            renderer,
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
