"""All inside APIs in one process, on real servers, and tenants that own one of everything."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from fastapi import FastAPI
from psycopg import sql

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.ask import UploadSettings
from ai2text.common.bucket_settings import Bucket
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.audit import AuditEntry
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetShardRequested
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.contracts.inside import Scope
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.transcription import TranscriptionRequested, TranscriptionStarted
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.occurrences import Kind
from ai2text.common.presence import Presence
from ai2text.common.settings import S3Settings
from ai2text.common.sources import Folder
from ai2text.ingestion.admission import Admission
from ai2text.ingestion.complete_upload import CompleteUpload
from ai2text.ingestion.http_api import build_app as ingestion_app
from ai2text.ingestion.open_upload import OpenUpload
from ai2text.ingestion.receive_part import ReceivePart
from ai2text.ingestion.receive_upload import ReceiveUpload
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.store_staged import StoreStaged
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.upload_api import UploadsInParts
from ai2text.ingestion.uploads import Uploads
from ai2text.ingestion.watched_buckets import watched_buckets
from ai2text.ingestion.watched_folders import watched_folders
from ai2text.metadata.command_models import CommandModels
from ai2text.metadata.http_api import build_app as metadata_app
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres.audit import save_audit
from ai2text.metadata.postgres.erasures import save_erasure
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.quotas import save_quota
from ai2text.metadata.postgres.retention import save_retention
from ai2text.metadata.queues import Queues
from ai2text.metadata.remains import Remains
from ai2text.metadata.report_status import ReportStatus
from ai2text.metadata.settings import PostgresSettings
from ai2text.metadata.webhook_targets import Targets
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.http_api import build_app as orchestrator_app
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.training_run import Place, Run
from tests.fixtures.datasets import orchestrating
from tests.fixtures.examples import EVENTS, TRANSCRIPT
from tests.fixtures.ingestion_service import WAV
from tests.fixtures.inside import KEY, ask
from tests.fixtures.no_catalogue import no_catalogue

TENANTS = ("red", "blue")
LOOPBACK = IPv4Network("127.0.0.0/8")
SHARED = WAV.read_bytes()
"""What both have sent."""


def own_bytes(tenant: str) -> bytes:
    """What nobody else has sent: the same sound, and after it what many recorders leave there."""
    return SHARED + tenant.ljust(8).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody who has one of everything."""

    tenant: str
    ids: dict[str, str]
    """By the name that paths have for it."""

    @property
    def marks(self) -> set[str]:
        """What nobody else may ever read. A name in a path is known to whoever asks for it."""
        ids = {text for name, text in self.ids.items() if name not in {"number", "version", "run", "path", "q"}}
        own = {f"{self.tenant}{mark}" for mark in ("/", "-tag", "-folder", "-bucket", "-hook")}
        return {*ids, *own, f"secret of {self.tenant}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    metadata: FastAPI
    ingestion: FastAPI
    orchestrator: FastAPI
    database: Database
    store: ObjectStore
    broker: Broker
    assemble: AssembleDataset
    dsn: str

    @property
    def apps(self) -> dict[str, FastAPI]:
        return {"metadata": self.metadata, "ingestion": self.ingestion, "orchestrator": self.orchestrator}

    async def own_one_of_everything(self, tenant: str) -> Owner:
        hook = {"url": f"http://127.0.0.1:9/{tenant}-hook", "events": list(Kind)}
        webhook = await self._done(self.metadata, "POST", "/v1/webhooks", tenant, tuple(Scope), json=hook)
        for content in (SHARED, own_bytes(tenant)):
            taken = await self._done(
                self.ingestion, "POST", "/v1/recordings", tenant, content=content, params={"tags": f"{tenant}-tag"}
            )
        job = await self._transcribe_all(tenant)
        for name in ("speech", f"{tenant}-only"):
            await self._dataset(tenant, name)
        transcript = f"/v1/recordings/{taken['recording_id']}/transcript"
        seen = await self._done(self.metadata, "GET", transcript, tenant)
        opened = await self._done(self.ingestion, "POST", "/v1/uploads", tenant, json={"name": f"{tenant}.wav"})
        upload = opened["upload_id"]
        await self._done(self.ingestion, "PUT", f"/v1/uploads/{upload}/parts/1", tenant, content=own_bytes(tenant))
        key = await self._done(
            self.metadata, "POST", "/v1/keys", tenant, tuple(Scope), json={"name": f"of {tenant}", "scopes": ["admin"]}
        )
        letter = _letter(job)
        await persist_dead_letter(self.database, letter, 1)
        async with self.database.transaction() as connection:
            await save_quota(connection, tenant, 3600)
            await save_retention(connection, tenant, 30, f"secret of {tenant}")
            gone = Tombstone(tenant=tenant, recording_id=f"{uuid4()}", next_life=1, erased_at=utc_now())
            await save_erasure(connection, gone, Remains())
            await save_audit(connection, [_entry(tenant, job.job_id)])
        return Owner(
            tenant=tenant,
            ids={
                "recording_id": taken["recording_id"],
                "job_id": taken["job_id"],
                "dead_letter_id": letter.dead_letter_id,
                "segment_id": seen["segments"][0]["id"],
                "upload_id": upload,
                "key_id": key["key_id"],
                "webhook_id": webhook["webhook_id"],
                "name": f"{tenant}-only",
                "version": "1",
                "number": "1",
                "run": "1",
                "path": "train_manifest.json",
            },
        )

    async def _done(
        self, app: FastAPI, method: str, path: str, tenant: str, scopes: tuple[str, ...] = (), **content: Any
    ) -> dict[str, Any]:
        answer = await ask(app, method, path, tenant, scopes, **content)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def _transcribe_all(self, tenant: str) -> TranscriptionRequested:
        """As the worker and the catalogue's consumer would; the last job."""
        persist = PersistReports(self.database, utc_now)
        for event in [event async for event in self._ingested() if event.tenant == tenant]:
            job = event.first_job
            transcript = replace(
                TRANSCRIPT,
                tenant=tenant,
                recording_id=job.recording_id,
                job_id=job.job_id,
                text=f"A secret of {tenant}.",
                segments=(replace(TRANSCRIPT.segments[0], text=f" A secret of {tenant}."),),
                transcribed_at=utc_now(),
            )
            await asyncio.to_thread(self.store.put_first, job.outcome_key, encode(transcript))
            told = await asyncio.to_thread(read_outcome, self.store, job.outcome_key)
            await persist.persist_reports([event, _started(job), told])
        return job

    async def _ingested(self) -> AsyncIterator[RecordingIngested]:
        state = (await self.broker.jetstream.stream_info(subjects.EVENTS)).state
        for number in range(max(state.first_seq, 1), state.last_seq + 1):
            message = await self.broker.jetstream.get_msg(subjects.EVENTS, number)
            if message.subject == subjects.RECORDING_INGESTED:
                yield decode(RecordingIngested, message.data or b"")

    async def _dataset(self, tenant: str, name: str) -> None:
        definition = {"name": name, "trigger": {"new_hours": 1}, "training": {"kind": "event"}}
        asked = await self._done(self.orchestrator, "POST", "/v1/datasets", tenant, json=definition)
        await self.assemble.assemble_dataset(
            DatasetShardRequested(tenant=tenant, name=name, version=asked["version"], requested_at=utc_now())
        )
        message = await self.broker.jetstream.get_last_msg(subjects.EVENTS, subjects.DATASET_ASSEMBLED)
        await persist_dataset(self.database, self.store, decode(DatasetAssembled, message.data or b""))
        place = Place(tenant=tenant, name=name, version=asked["version"])
        assert Runs(self.store).begin(Run(place=place, run_id=f"of {tenant}/", requested_at=utc_now()))

    def belongings(self, tenant: str) -> dict[str, list[str]]:
        """Every row and every object of a tenant, as PostgreSQL and the store themselves have them."""
        objects = [f"{found.key} {found.etag}" for found in self.store.list(f"{tenant}/")]
        with psycopg.connect(self.dsn) as connection:
            tables = connection.execute(
                "SELECT table_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND column_name = 'tenant'"
            ).fetchall()
            rows = {name: _rows(connection, name, tenant) for (name,) in tables}
        assert all(rows.values()), f"{tenant} has nothing in {[name for name, found in rows.items() if not found]}"
        return {**rows, "objects": objects}


def _rows(connection: psycopg.Connection, table: str, tenant: str) -> list[str]:
    statement = sql.SQL("SELECT to_jsonb(t)::text FROM {} t WHERE tenant = %s ORDER BY 1").format(sql.Identifier(table))
    return [row for (row,) in connection.execute(statement, (tenant,)).fetchall()]


def _started(job: TranscriptionRequested) -> TranscriptionStarted:
    return TranscriptionStarted(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        worker="gpu-1/4711",
        attempt=1,
        started_at=utc_now(),
    )


def _letter(job: TranscriptionRequested) -> DeadLetter:
    example = EVENTS["dead.lettered.v1"]
    assert isinstance(example, DeadLetter)
    payload = base64.b64encode(encode(job)).decode()
    return replace(example, dead_letter_id=job.job_id, subject=subjects.subject_of(job), payload_base64=payload)


def _entry(tenant: str, audit_id: str) -> AuditEntry:
    return AuditEntry(
        audit_id=audit_id,
        at=utc_now(),
        tenant=tenant,
        subject=f"secret of {tenant}",
        request_id="r",
        action="POST /v1/keys",
        target="/v1/keys",
        status=201,
    )


@asynccontextmanager
async def installed(dsn: str, broker: Broker, s3: S3Settings, home: Path) -> AsyncIterator[Installation]:
    store = ObjectStore(s3)
    store.make_ready()
    migrate(dsn)
    with Sandbox(SandboxSettings(children=1)) as sandbox, _ingestion(broker, s3, store, home, sandbox) as ingestion:
        async with Database(PostgresSettings(dsn=dsn)) as database:
            queues = Queues(broker)
            presence = Presence()
            report, models = ReportStatus(database, queues, presence, utc_now), CommandModels(broker, presence)
            metadata = metadata_app(database, store, queues, report, models, UploadSettings(), Targets([LOOPBACK]), KEY)
            transport = httpx.ASGITransport(metadata)
            async with _heard(broker), httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
                made = orchestrating(store, Catalogue(client, KEY), broker, sandbox, utc_now)
                yield Installation(
                    metadata=metadata,
                    ingestion=ingestion,
                    orchestrator=orchestrator_app(
                        made.requests, made.rebuild, made.checks, made.requests.versions, store, KEY
                    ),
                    database=database,
                    store=store,
                    broker=broker,
                    assemble=made.assemble,
                    dsn=dsn,
                )


@asynccontextmanager
async def _heard(broker: Broker) -> AsyncIterator[None]:
    """The catalogue's reader has heard everything: what is persisted is persisted by hand."""

    async def hear(_: Delivery) -> None:
        return

    stop = asyncio.Event()
    consumer = Consumer(broker, Work(stream=subjects.EVENTS, durable=subjects.METADATA, handle=hear))
    hearing = asyncio.create_task(consumer.run(stop))
    yield
    stop.set()
    await hearing


@contextmanager
def _ingestion(broker: Broker, s3: S3Settings, store: ObjectStore, home: Path, sandbox: Sandbox) -> Iterator[FastAPI]:
    """With a folder and a bucket of each tenant, which nobody runs."""
    settings, uploading = IngestionSettings(state_dir=home), UploadSettings()
    for tenant in TENANTS:
        (home / tenant).mkdir()
    folders = tuple(Folder(name=f"{tenant}-folder", path=home / tenant, tenant=tenant) for tenant in TENANTS)
    buckets = tuple(Bucket(name=f"{tenant}-bucket", bucket=s3.bucket, tenant=tenant) for tenant in TENANTS)
    storing = StoreRecording(settings, store, sandbox, utc_now)
    around = Surroundings(
        settings=settings, s3=s3, store=store, storing=storing, broker=broker, catalogue=no_catalogue()
    )
    uploads = Uploads(store, timedelta(hours=1), utc_now)
    in_parts = UploadsInParts(
        uploads=uploads,
        opening=OpenUpload(uploading, settings, uploads, utc_now),
        parts=ReceivePart(uploading, settings, uploads, store),
        completing=CompleteUpload(uploading, uploads, StoreStaged(storing, store), broker),
        part_bytes_max=uploading.part_bytes_max,
    )
    with (
        watched_folders(folders, around, Admission(1, lambda: True)) as in_folders,
        watched_buckets(buckets, around) as in_buckets,
    ):
        yield ingestion_app(
            [watched.folder for watched in in_folders],
            in_buckets,
            ReceiveUpload(uploading, storing, broker),
            in_parts,
            KEY,
        )
