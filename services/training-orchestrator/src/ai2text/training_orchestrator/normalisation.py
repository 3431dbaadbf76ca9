"""How a text is written in a dataset. No I/O here.

What a normalisation makes of a text is part of every version that was made with it, so it never changes.
"""

import re
import unicodedata

from ai2text.common.contracts.definition import Normalisation

APOSTROPHES = str.maketrans("\u2018\u2019\u02bc\uff07`\u00b4", "''''''")
OUTSIDE_WORDS = re.compile(r"(?<![^\s'-])['-]|['-](?![^\s'-])")
SIGNIFICANT = {"'", "-", "%", "&"}


def normalised(text: str, normalisation: Normalisation) -> str:
    """Given again what it made, each makes the same of it."""
    match normalisation:
        case Normalisation.VERBATIM:
            return text.strip()
        case Normalisation.SPOKEN:
            return _spoken(text)


def _spoken(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.translate(APOSTROPHES)).lower())
    said = "".join(sign if _is_said(sign) else " " for sign in plain)
    return " ".join(OUTSIDE_WORDS.sub(" ", said).split())


def _is_said(sign: str) -> bool:
    """Letters, marks, numbers, and what says something itself: 20 %, 5 €, 2 + 2."""
    category = unicodedata.category(sign)
    return category[0] in "LMN" or category in {"Sc", "Sm"} or sign in SIGNIFICANT
