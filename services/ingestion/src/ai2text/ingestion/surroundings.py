"""What all watched folders and buckets share."""

from dataclasses import dataclass

from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.ingestion.catalogue import Catalogue
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    settings: IngestionSettings
    s3: S3Settings
    store: ObjectStore
    storing: StoreRecording
    broker: Broker
    catalogue: Catalogue
