"""A training run began or ended: whoever has a webhook for it is told. The runs themselves are in the bucket."""

from ai2text.common.contracts.training import TrainingEnded, TrainingRequested
from ai2text.metadata.postgres.deliveries import save_deliveries
from ai2text.metadata.postgres.pool import Database


async def persist_training(database: Database, event: TrainingRequested | TrainingEnded) -> None:
    """May be repeated. Raises CatalogueUnavailable."""
    async with database.transaction() as connection:
        await save_deliveries(connection, [event])
