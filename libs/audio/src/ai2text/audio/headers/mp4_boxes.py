"""The boxes that MP4 and QuickTime consist of."""

from collections.abc import Iterator
from dataclasses import dataclass

from ai2text.audio.headers.length import Unsettled
from ai2text.audio.headers.window import Window

BOXES_MAX = 64


@dataclass(frozen=True, slots=True)
class Box:
    name: bytes
    content: int
    end: int


def boxes(window: Window, position: int, end: int) -> Iterator[Box]:
    """One after the other; raises Unsettled where one does not fit, as when the file was cut."""
    for _ in range(BOXES_MAX):
        if position + 8 > end:
            return
        size, name, header = window.number(position, 4), window.at(position + 4, 4), 8
        if size == 1:
            size, header = window.number(position + 8, 8), 16
        if size < header or position + size > end:
            raise Unsettled
        yield Box(name, position + header, position + size)
        position += size
    raise Unsettled


def inside(window: Window, box: Box) -> Iterator[Box]:
    return boxes(window, box.content, box.end)


def find(window: Window, box: Box, *names: bytes) -> Box | None:
    """The first of the first name, in it the first of the next."""
    found: Box | None = box
    for name in names:
        found = found and next((each for each in inside(window, found) if each.name == name), None)
    return found


def below(window: Window, box: Box, *names: bytes) -> Box:
    """Likewise; raises Unsettled where there is none."""
    found = find(window, box, *names)
    if found is None:
        raise Unsettled
    return found
