"""What every list takes in its query, outside and inside."""

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=1000)]
AfterId = Annotated[str | None, Query(description="The `next` of the page before.")]
