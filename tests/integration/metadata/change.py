"""What an editor asks for, and in plain words what must come of it. It knows nothing of how that is done."""

from dataclasses import dataclass
from typing import Any

import httpx

Document = dict[str, Any]
Lines = list[tuple[str, str]]
NOT_YET = frozenset({404, 503})
"""While the catalogue is made again."""


def lines(document: Document) -> Lines:
    return [(segment["id"], segment["text"]) for segment in document["segments"]]


def contents(document: Document) -> Document:
    """All but the number, which is another where machines' transcripts were learnt of in another order."""
    return {name: value for name, value in document.items() if name != "revision"}


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    seen: Document
    """By the editor; may be long past."""
    place: int
    word: str
    """Nobody said or wrote it before."""
    to: Document
    """What is gone back to."""

    @property
    def segment(self) -> Document:
        segment: Document = self.seen["segments"][self.place % len(self.seen["segments"])]
        return segment

    @property
    def text(self) -> str:
        """One word of the segment is another."""
        words = self.segment["text"].split()
        words[self.place % len(words)] = self.word
        return " ".join(words)

    @property
    def found(self) -> str:
        words: list[str] = self.segment["text"].split()
        return words[self.place % len(words)]

    def request(self) -> tuple[str, str, Document | None, str]:
        """Method, path, body and etag."""
        of_segment, etag = f"/segments/{self.segment['id']}", self.segment["etag"]
        match self.kind:
            case "edit" | "die":
                return "PATCH", of_segment, {"text": self.text}, etag
            case "split":
                middle = (self.segment["start"] + self.segment["end"]) / 2
                return "POST", f"{of_segment}/split", {"at": middle}, etag
            case "merge":
                return "POST", f"{of_segment}/merge", None, etag
            case "revert":
                return "POST", "/revert", {"revision": self.to["revision"]}, ""
            case _:
                body = {"find": self.found, "replace": self.word, "dry_run": self.kind == "look"}
                return "POST", "/replace", body, str(self.seen["revision"])

    def makes(self, answer: httpx.Response) -> bool:
        """A revision, by this answer."""
        return answer.status_code == 200 and self.kind != "look"

    def answers(self, now: Document | None) -> frozenset[int]:
        """Those that are right while people see this."""
        if now is None:
            return NOT_YET
        if self.kind == "revert":
            return frozenset({200})
        if self.kind in {"replace", "look"}:
            return frozenset({200 if self.seen["revision"] == now["revision"] else 412})
        return self._of_segment({segment["id"]: segment["etag"] for segment in now["segments"]})

    def _of_segment(self, standing: dict[str, str]) -> frozenset[int]:
        """With the etags in their order."""
        own = self.segment["id"]
        if own not in standing:
            return frozenset({404})
        if standing[own] != self.segment["etag"]:
            return frozenset({412})
        if self.kind == "merge" and own == list(standing)[-1]:
            return frozenset({409})
        return {"split": frozenset({200, 422}), "die": frozenset({200, 503})}.get(self.kind, frozenset({200}))

    def applied(self, before: Lines, after: Lines) -> Lines:
        """What people see then. Of `after` only where a text was split, and the new segment's id."""
        at = next((number for number, (one, _) in enumerate(before) if one == self.segment["id"]), 0)
        own = self.segment["id"]
        match self.kind:
            case "edit" | "die":
                return [*before[:at], (own, self.text), *before[at + 1 :]]
            case "merge":
                return [*before[:at], (own, f"{before[at][1]} {before[at + 1][1]}"), *before[at + 2 :]]
            case "replace":
                return [(one, text.replace(self.found, self.word)) for one, text in before]
            case "revert":
                return lines(self.to)
        first, (new, rest) = after[at : at + 2]
        assert new not in dict(before)
        assert f"{first[1]} {rest}" == before[at][1]
        return [*before[:at], (own, first[1]), (new, rest), *before[at + 1 :]]
