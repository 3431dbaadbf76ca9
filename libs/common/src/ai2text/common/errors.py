"""The errors that cross module borders, by what happens next.

Ai2TextError
├── Unavailable      a server did not answer or refused for now: the work is tried again later
│   ├── BrokerUnavailable
│   └── StoreUnavailable
│       └── StoreDenied
├── Poison           the message can never be processed: dead-lettered at once, with the reason
├── Refused          the input is at fault: the code and the sentence are shown to whoever sent it
├── ObjectNotFound   the object store has no such key: the caller decides
├── ObjectChanged    the object is no longer the one that was announced: the work starts over
└── Misconfigured    the process cannot start: the sentence names the setting
"""


class Ai2TextError(Exception):
    """Root of what this project raises on purpose."""


class Unavailable(Ai2TextError):
    """A server is away, full or slow; the same call may succeed later, so the work is retried."""


class BrokerUnavailable(Unavailable):
    """NATS did not acknowledge within the deadline, or the stream is full."""


class StoreUnavailable(Unavailable):
    """The object store did not answer, answered 5xx, or cut a body short."""


class StoreDenied(StoreUnavailable):
    """The object store does not let these credentials do that; somebody may change what they may do."""


class Poison(Ai2TextError):
    """The message can never be processed; it is dead-lettered at once.

    `code` is for machines (snake_case), `detail` is a sentence for people.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Refused(Ai2TextError):
    """What was handed in cannot be accepted; shown to its sender and never retried.

    `code` is for machines (snake_case), `detail` is a sentence for people that says what to do.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class ObjectNotFound(Ai2TextError):
    """There is no object under this key."""


class ObjectChanged(Ai2TextError):
    """The bytes differ from the ones that were announced: overwritten, or changed while being read."""


class Misconfigured(Ai2TextError):
    """A setting is missing, contradictory or refers to a server that cannot do what is needed."""
