"""Where the log of `up` itself goes: its libraries' troubles with the servers are not for the terminal."""

import logging
from pathlib import Path

import structlog

from ai2text.cli.log_file import LogFile


def configure(path: Path) -> None:
    LogFile(path)
    file = path.open("a", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=file),
    )
    logging.basicConfig(stream=file, level=logging.WARNING)
