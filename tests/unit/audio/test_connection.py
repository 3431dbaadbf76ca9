import os
import socket
import threading

import pytest

from ai2text.audio.connection import Connection


def say(end: socket.socket, *messages: bytes) -> None:
    for message in messages:
        Connection(end.fileno()).send(message)


def test_messages_arrive_whole_and_in_order() -> None:
    ours, theirs = socket.socketpair()
    long = os.urandom(3 << 20)
    with ours, theirs:
        speaker = threading.Thread(target=say, args=(ours, b"", b"a", long))
        speaker.start()
        heard = [Connection(theirs.fileno()).receive(len(long)) for _ in range(3)]
        speaker.join()
    assert heard == [b"", b"a", long]


def test_the_end_in_the_middle_of_a_message_is_an_end() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            ours.send(b"\0\0\0\x05four")
        with pytest.raises(EOFError):
            Connection(theirs.fileno()).receive(100)


def test_a_message_that_is_too_long_is_not_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Connection(ours.fileno()).send(bytes(101))
        with pytest.raises(OSError, match="101 bytes"):
            Connection(theirs.fileno()).receive(100)
