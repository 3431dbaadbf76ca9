"""PostgreSQL's data directory: made whole or not at all, and the user it belongs to.

PostgreSQL refuses to run as root. Started by root it becomes `nobody`, with the one capability it needs to reach a
directory below parents that only root may enter; no permission outside its own directory is changed.
"""

import os
import pwd
import shutil
import tempfile
from pathlib import Path

from ai2text.cli.processes import run_helper
from ai2text.common.errors import Misconfigured, Unavailable

OWNER = "nobody"
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8"}


def run_as() -> tuple[str, ...]:
    """The command in front of each of its programs; empty for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Misconfigured(
            "PostgreSQL does not run as root, and setpriv (package util-linux) is missing to become another user: "
            "install it, or start the stack as an ordinary user."
        )
    owner, capability = pwd.getpwnam(OWNER), "-all,+dac_read_search"
    return (
        setpriv,
        *(f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"),
        "--securebits=+no_setuid_fixup",  # so that access(2) honours the capability
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}"),
    )


async def make(directory: Path, initdb: Path, as_owner: tuple[str, ...], password: str) -> None:
    """Nothing to do where one is; what an interrupted attempt left beside it is thrown away."""
    unfinished = _begun(directory, as_owner)
    if unfinished is None:
        return
    with tempfile.NamedTemporaryFile("w", dir=directory.parent, prefix=".password.") as file:
        file.write(password)
        file.flush()
        await _initialise(unfinished, initdb, as_owner, file.name)
    unfinished.rename(directory)


def _begun(directory: Path, as_owner: tuple[str, ...]) -> Path | None:
    """An empty directory beside `directory`; None where that is there already."""
    if directory.exists():
        return None
    unfinished = directory.with_name(f"{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if as_owner:
        shutil.chown(unfinished, OWNER)
    return unfinished


async def _initialise(directory: Path, initdb: Path, as_owner: tuple[str, ...], password_file: str) -> None:
    command = [
        *(str(initdb), "-D", str(directory), "-U", "postgres", "--auth=scram-sha-256"),
        *(f"--pwfile={password_file}", "--no-locale", "-E", "UTF8", "--no-instructions"),
    ]
    status, output = await run_helper(command, ENVIRONMENT, as_owner)
    if status:
        raise Misconfigured(f"PostgreSQL could not make its directory {directory}: {output}")


async def make_database(createdb: Path, port: int, password: str, name: str) -> None:
    """Nothing to do where it is; raises Unavailable when the server did not do it."""
    command = [str(createdb), "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", name]
    status, output = await run_helper(command, {**ENVIRONMENT, "PGPASSWORD": password})
    if status and "already exists" not in output:
        raise Unavailable(f"The database {name} could not be made: {output}")
