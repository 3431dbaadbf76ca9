"""What the documents of the outside are made of: the types that many fields have, each with an example."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

Item = TypeVar("Item")

RecordingId = Annotated[UUID, Field(examples=["0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01"])]
JobId = Annotated[UUID, Field(examples=["1f7a43de-4a0f-5e1c-8f5e-3a2f7f6b7c02"])]
Sha256 = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]),
]
At = Annotated[datetime, Field(examples=["2026-11-20T12:30:15.250000+00:00"])]
Seconds = Annotated[float, Field(ge=0, examples=[3.08])]
Bytes = Annotated[int, Field(ge=0, examples=[98_480])]
Count = Annotated[int, Field(ge=0, examples=[1])]
Name = Annotated[str, Field(examples=["talk.mp3"])]
Text = Annotated[str, Field(examples=["The weather is here, I wish you were beautiful."])]
Language = Annotated[str, Field(examples=["en"], description="A code of Whisper's, mostly ISO 639-1.")]
Model = Annotated[str, Field(examples=["small"])]
Tags = Annotated[list[str], Field(examples=[["interview", "2026"]])]
Cursor = Annotated[str, Field(examples=["qnZ2r6bUu8n0mXyQ0Y5w3A"])]


class Page(BaseModel, Generic[Item]):
    """`next` is taken by `after_id`, and null on the last page."""

    items: list[Item]
    next: str | None = Field(examples=["eyJwb3NpdGlvbiI6IDEwMH0"])
