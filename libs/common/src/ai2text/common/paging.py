"""What every list takes in its query, outside and inside."""

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=1000)]
Filter = Annotated[str | None, Query(pattern=r"^[^\x00]*$")]
"""PostgreSQL has no text with that character."""
AfterId = Annotated[str | None, Query(description="The `next` of the page before.")]
