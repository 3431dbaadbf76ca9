"""The one place that wires the gateway together."""

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.app import build_app
from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.guarded_protocol import ConnectionLimits, guarded_by
from ai2text.api_gateway.inside import connected
from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.api_gateway.tokens import Tokens
from ai2text.common.http_server import listen, serve_http
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, load


def main() -> None:
    run_service("api-gateway", serve)


async def serve(life: Life) -> None:
    settings, tokens = load(GatewaySettings), Tokens(load(JwtSettings))
    caller_key = load(CallerSettings).key.get_secret_value()
    async with connected(settings, caller_key) as services:
        listener = listen(settings.host, settings.port)
        life.probes.ready_when("listening", lambda: not life.stop.is_set())
        trail = AuditTrail(services.metadata)
        door = Door(tokens, ApiKeys(services.metadata), CallerLimits(settings))
        app = build_app(door, services, settings, life, trail)
        limits = ConnectionLimits(connections=settings.max_connections)
        async with trail.delivered():
            await serve_http(app, listener, life.stop, guarded_by(limits))
