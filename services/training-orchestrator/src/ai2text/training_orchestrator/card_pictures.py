"""The pictures of a data card, as SVG: columns for histograms, bars for names. No I/O here."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from ai2text.training_orchestrator.card_facts import Bin
from ai2text.training_orchestrator.dataset import Amount

WIDTH = 720
LEFT, RIGHT, TOP, BOTTOM = 24, 24, 56, 48
PLOT_HEIGHT = 200
BAR_STEP, BAR_THICKNESS = 26, 18
NAME_WIDTH = 190
NAME_SIGNS = 26
VALUE_WIDTH = 90
STYLE = """<style>
rect.paper{fill:#fff} rect.bar{fill:#3566a8} line{stroke:#c4c9d1} text{font:12px sans-serif;fill:#333a45}
text.title{font-weight:bold;font-size:15px} text.soft{fill:#6a7280}
@media (prefers-color-scheme:dark){rect.paper{fill:#14171c} rect.bar{fill:#7aa7e6} line{stroke:#3d4450}
text{fill:#e3e6eb} text.soft{fill:#9aa3b0}}
</style>"""


def histogram(title: str, unit: str, bins: Sequence[Bin]) -> bytes:
    """Rows of each bin; its beginning stands below it."""
    most = max((one.amount.rows for one in bins), default=0)
    step = (WIDTH - LEFT - RIGHT) / len(bins)
    ground = TOP + PLOT_HEIGHT
    parts = []
    for place, (label, one) in enumerate(zip(_spans([each.low for each in bins]), bins, strict=True)):
        height = _scaled(one.amount.rows, most, PLOT_HEIGHT)
        middle = LEFT + (place + 0.5) * step
        parts += [
            _bar(LEFT + place * step + step * 0.1, ground - height, step * 0.8, height),
            _text(middle, ground - height - 6, f"{one.amount.rows:,}" if one.amount.rows else "", "soft", "middle"),
            _text(middle, ground + 16, label, "", "middle"),
        ]
    axis = f'<line x1="{LEFT}" y1="{ground}" x2="{WIDTH - RIGHT}" y2="{ground}"/>'
    below = _text(WIDTH / 2, ground + 36, unit, "soft", "middle")
    return _picture(title, ground + BOTTOM, [*parts, axis, below])


def bars(title: str, amounts: Mapping[str, Amount]) -> bytes:
    """Hours of each name, in the order in which they are given."""
    most = max((one.duration_seconds for one in amounts.values()), default=0.0)
    parts = []
    for place, (name, one) in enumerate(amounts.items()):
        top = TOP + place * BAR_STEP
        length = _scaled(one.duration_seconds, most, WIDTH - LEFT - NAME_WIDTH - VALUE_WIDTH - RIGHT)
        start, line = LEFT + NAME_WIDTH, top + BAR_THICKNESS - 5
        parts += [
            _text(start - 8, line, _shortened(name), "", "end"),
            _bar(start, top, length, BAR_THICKNESS),
            _text(start + length + 8, line, f"{one.duration_seconds / 3600:,.2f} h", "soft", "start"),
        ]
    return _picture(title, TOP + len(amounts) * BAR_STEP + RIGHT, parts)


def _spans(lows: Sequence[float]) -> list[str]:
    return [*(f"{low:g}\u2013{high:g}" for low, high in pairwise(lows)), f"{lows[-1]:g}+"]


def _scaled(value: float, most: float, length: float) -> float:
    """What is there at all is seen."""
    return max(value / most * length, 1.0) if value else 0.0


def _bar(x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'


def _text(x: float, y: float, content: str, kind: str, anchor: str) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_plain(content)}</text>'


def _plain(content: str) -> str:
    """Without what XML forbids, such as control signs."""
    return escape("".join(sign if sign.isprintable() else " " for sign in content))


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_SIGNS else f"{name[: NAME_SIGNS - 1]}\u2026"


def _picture(title: str, height: float, parts: Sequence[str]) -> bytes:
    shape = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {shape} role="img" aria-label="{_plain(title)}">',
        STYLE,
        f'<rect class="paper" width="{WIDTH}" height="{height:.0f}"/>',
        _text(LEFT, 28, title, "title", "start"),
        *parts,
        "</svg>",
    ]
    return "\n".join([*lines, ""]).encode()
