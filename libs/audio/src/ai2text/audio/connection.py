"""Messages over a pair of sockets: a length, then the content; by read and write alone, the calls a child may make."""

import os
import struct

LENGTH = struct.Struct(">I")


class Connection:
    """One end. Raises OSError, EOFError when the other end is gone, and OSError for a message that is too long."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, content: bytes) -> None:
        rest = memoryview(LENGTH.pack(len(content)) + content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def receive(self, max_bytes: int) -> bytes:
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        if length > max_bytes:
            raise OSError(f"A message of {length} bytes came where {max_bytes} are allowed.")
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        blocks = [b""]
        while length:
            blocks.append(os.read(self._descriptor, length))
            if not blocks[-1]:
                raise EOFError
            length -= len(blocks[-1])
        return b"".join(blocks)
