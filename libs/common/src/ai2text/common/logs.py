"""One structured log for all: event names are constant, data are fields, context is bound once per unit of work."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import TracebackType

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor, WrappedLogger

from ai2text.common.errors import Misconfigured
from ai2text.common.settings import LogSettings

OWN = "ai2text"
"""Our events; of the libraries only warnings are written, whatever the level."""


def configure(service: str, settings: LogSettings) -> None:
    """Sends everything, the libraries' logging included, to stdout in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    last = _renderers(settings.format)
    own = [*shared, *([_kill_points(settings.kill_at)] if settings.kill_at else [])]
    structlog.configure(
        processors=[*own, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.level.upper())),
        logger_factory=lambda *_: logging.getLogger(OWN),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OWN).setLevel(settings.level.upper())
    structlog.contextvars.bind_contextvars(service=service)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], exc: BaseException, trace_back: TracebackType | None) -> None:
    structlog.get_logger().critical("process_failed", exc_info=(kind, exc, trace_back))


def _renderers(form: str) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "console":
        return [remove, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
    return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _kill_points(kill_at: str) -> Processor:
    """The moment an event would be logged is a named point at which a fault test ends this very process."""
    names, _, folder = kill_at.partition("@")
    if not folder:
        raise Misconfigured("AI2TEXT_LOG_KILL_AT wants the form EVENT,EVENT@FOLDER.")
    marks = {name: Path(folder) / name for name in names.split(",")}

    def process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        mark = marks.get(event["event"])
        if mark and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    return process
