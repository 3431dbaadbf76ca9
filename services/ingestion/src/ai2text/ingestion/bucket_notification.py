"""What MinIO says of a bucket, over NATS or its webhook: hints of keys at which to look, and nothing more."""

import json
from typing import Any
from urllib.parse import unquote_plus

from ai2text.common.errors import Refused

CREATED = tuple(
    f"{prefix}ObjectCreated:{kind}"
    for prefix in ("s3:", "")
    for kind in ("Put", "Post", "Copy", "CompleteMultipartUpload")
)
"""`s3:ObjectCreated:*` would also fire on tagging. MinIO writes the prefix, AWS leaves it out."""


def hinted_keys(payload: bytes, bucket: str) -> list[str]:
    """Keys of the bucket that were written, in the order of the records. Raises Refused for what is no notification.

    A record's key is query-escaped (a space is `+`), unlike the one beside `EventName`. Size, ETag and version are not
    read: they are of the moment at which the notification was made, and the look comes later.
    """
    try:
        document = json.loads(payload or b"{}")
    except ValueError as exc:
        raise Refused("invalid_notification", f"This is no JSON: {exc}") from exc
    records = document.get("Records") if isinstance(document, dict) else None
    if records is None:
        records = []
    if not isinstance(records, list):
        raise Refused("invalid_notification", "A notification has a list of Records.")
    return [_key(record) for record in records if _is_creation_in(record, bucket)]


def _is_creation_in(record: Any, bucket: str) -> bool:
    try:
        return record["eventName"] in CREATED and record["s3"]["bucket"]["name"] == bucket
    except (KeyError, TypeError) as exc:
        raise Refused("invalid_notification", f"A record lacks {exc}.") from exc


def _key(record: Any) -> str:
    try:
        return unquote_plus(record["s3"]["object"]["key"], errors="strict")
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        raise Refused("invalid_notification", f"A record has no readable key: {exc!r}.") from exc
