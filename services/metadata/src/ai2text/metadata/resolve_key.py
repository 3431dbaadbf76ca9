"""Whom an API key stands for. Unknown, mistyped, revoked and expired keys are told apart to nobody."""

import hmac

from ai2text.common.contracts.keys import KeyHolder, PresentedKey
from ai2text.metadata.postgres.keys import find_valid_key, note_use
from ai2text.metadata.postgres.pool import Database


async def resolve_key(database: Database, key: PresentedKey) -> KeyHolder | None:
    """None for a key that opens nothing. Raises CatalogueUnavailable."""
    async with database.transaction() as connection:
        row = await find_valid_key(connection, key.key_id)
        if row is None or not hmac.compare_digest(row["secret_sha256"], key.secret_sha256):
            return None
        await note_use(connection, key.key_id)
    return KeyHolder(tenant=row["tenant"], subject=f"key:{key.key_id}", scopes=frozenset(row["scopes"]))
