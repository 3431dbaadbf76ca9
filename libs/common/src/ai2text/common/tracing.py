"""W3C trace context through message headers: one recording's way is one trace."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

OWN_SPANS_ONLY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""For FastAPI, which would make others beside those here, and write down what callers send."""

_propagator = TraceContextTextMapPropagator()


def configure(service: str) -> None:
    """Ids are made and handed on; what nobody asked to be recorded is not, for nothing here would take it."""
    resource = Resource.create({"service.name": service})
    trace.set_tracer_provider(TracerProvider(resource=resource, sampler=ParentBased(ALWAYS_OFF)))


def outgoing_headers() -> dict[str, str]:
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return headers


@contextmanager
def span(name: str, incoming: Mapping[str, str] | None = None) -> Iterator[None]:
    """A span that goes on where the sender's ended, if the headers carry a trace context."""
    context = _propagator.extract(dict(incoming)) if incoming else None
    with trace.get_tracer("ai2text").start_as_current_span(name, context=context):
        yield
