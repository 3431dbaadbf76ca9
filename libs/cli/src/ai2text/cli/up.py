"""`ai2text up`: the embedded stack in the foreground."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ai2text.cli import credentials, model_choice, own_log, run_file, samples
from ai2text.cli.environments import Installation
from ai2text.cli.foreground import run_in_foreground
from ai2text.cli.lock import sole_owner
from ai2text.cli.model_choice import Choice
from ai2text.cli.options import Data, readable_errors
from ai2text.cli.ports import Ports, is_free
from ai2text.cli.stack import STOPS, nats_settings, server_children, service_children, take_ports
from ai2text.cli.supervisor import Supervisor
from ai2text.cli.voice import Voice
from ai2text.cli.watch import watch
from ai2text.common.errors import Misconfigured
from ai2text.common.jetstream import connect

SAMPLES_HELP = "Copy the packaged samples into the inbox, once."
IDLE_HELP = "Stop when every recording has come to its end; with status 1 if one failed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    data: Path
    inbox: Path
    port: int
    model: str | None
    samples: bool
    exit_when_idle: bool


@readable_errors
def up(
    data: Data = Path(".ai2text"),
    inbox: Annotated[Path | None, typer.Option(help="The watched folder; default: DATA/inbox.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the gateway; 0 takes a free one.")] = 8080,
    model: Annotated[str | None, typer.Option(help="A model of the hub, or a folder with one.")] = None,
    samples: Annotated[bool, typer.Option("--samples", help=SAMPLES_HELP)] = False,  # noqa: FBT002 - a flag
    exit_when_idle: Annotated[bool, typer.Option("--exit-when-idle", help=IDLE_HELP)] = False,  # noqa: FBT002 - a flag
) -> None:
    """Run the whole pipeline in the foreground, until Ctrl-C."""
    options = Options(
        data=data.absolute(),
        inbox=(inbox or data / "inbox").absolute(),
        port=port,
        model=model_choice.checked(model) if model else None,
        samples=samples,
        exit_when_idle=exit_when_idle,
    )
    _make_folders(options)
    with sole_owner(options.data):
        run_file.forget(options.data)
        sys.exit(asyncio.run(_run(options, Voice())))


def _make_folders(options: Options) -> None:
    for folder in (options.data / "logs", options.data / "ingestion", options.inbox):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise Misconfigured(f"The folder {folder} cannot be made: {exc.strerror}.") from exc


def _install(options: Options) -> Installation:
    ports = Ports(options.data / "ports.json")
    if options.port and not is_free(options.port):
        raise Misconfigured(
            f"Port {options.port} of 127.0.0.1 is taken: choose another one with --port N, or --port 0."
        )
    gateway_port = options.port or ports.take("gateway")
    take_ports(ports)
    return Installation(
        data=options.data,
        inbox=options.inbox,
        gateway_port=gateway_port,
        credentials=credentials.make_or_load(options.data),
        ports=ports,
        environ=os.environ,
    )


async def _run(options: Options, voice: Voice) -> int:
    installation = _install(options)
    own_log.configure(options.data / "logs" / "up.log")
    supervisor = Supervisor(options.data / "logs", voice.show)
    return await run_in_foreground(supervisor, _work(options, installation, supervisor, voice), STOPS, voice)


async def _work(options: Options, installation: Installation, supervisor: Supervisor, voice: Voice) -> int:
    """Starts everything, then tells what happens; returns the exit status when there is nothing left to wait for."""
    voice.say(f"Starting in {options.data}")
    choice, _ = await asyncio.gather(_choose(options, installation), supervisor.start(*server_children(installation)))
    if options.samples:
        await asyncio.to_thread(samples.copy_once, options.data, options.inbox)
    async with (
        connect(nats_settings(installation), "results") as broker,
        watch(broker, installation, voice) as watching,
    ):
        for group in service_children(installation, choice.model):
            await supervisor.start(*group)
        with run_file.announced(options.data, installation.gateway_url):
            voice.ready(installation.gateway_url, str(options.inbox), choice.model, str(options.data))
            if choice.notice:
                voice.say(choice.notice, "yellow")
            return await (watching.until_idle() if options.exit_when_idle else watching.for_ever())


async def _choose(options: Options, installation: Installation) -> Choice:
    if options.model:
        return Choice(model=options.model)
    return model_choice.choose(await model_choice.look(installation.environ))
