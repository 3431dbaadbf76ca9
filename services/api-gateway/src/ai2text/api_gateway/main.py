"""The one place that wires the gateway together."""

import asyncio

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.app import Hearing, build_app
from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.cursors import Cursors
from ai2text.api_gateway.guarded_protocol import ConnectionLimits, guarded_by
from ai2text.api_gateway.guarded_socket import GuardedSocket
from ai2text.api_gateway.inside import connected
from ai2text.api_gateway.live import Live
from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.api_gateway.tenant_events import TenantEvents
from ai2text.api_gateway.tokens import Tokens
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import connect
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, load


def main() -> None:
    run_service("api-gateway", serve)


async def serve(life: Life) -> None:
    settings, tokens = load(GatewaySettings), Tokens(load(JwtSettings))
    caller_key = load(CallerSettings).key.get_secret_value()
    async with connected(settings, caller_key) as services:
        listener = listen(settings.host, settings.port)
        life.probes.ready_when("listening", lambda: not life.stop.is_set())
        hearing = Hearing(live=Live(), events=TenantEvents(life.stop), cursors=Cursors(caller_key))
        trail = AuditTrail(services.metadata)
        door = Door(tokens, ApiKeys(services.metadata), CallerLimits(settings))
        app = build_app(door, services, hearing, settings, life, trail)
        limits = ConnectionLimits(connections=settings.max_connections)
        async with trail.delivered(), asyncio.TaskGroup() as tasks:
            tasks.create_task(hearing.live.wake_all_at(life.stop))
            tasks.create_task(hearing.events.wake_all_at_the_end())
            listening = tasks.create_task(_hear(hearing, load(NatsSettings), life))
            await serve_http(app, listener, life.stop, guarded_by(limits), GuardedSocket)
            listening.cancel()


async def _hear(hearing: Hearing, settings: NatsSettings, life: Life) -> None:
    """NATS may be away: all but live events goes on without it."""
    async with connect(settings, "api-gateway", life.end) as broker:
        await hearing.live.hear(broker)
        await hearing.events.hear(broker)
