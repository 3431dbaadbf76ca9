"""Every metric of the services, with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_SETTLED = Counter(
    "ai2text_messages_settled_total",
    "Messages by how they ended: done, retried, dead_lettered, handed_back.",
    ["durable", "outcome"],
)
MESSAGE_SECONDS = Histogram(
    "ai2text_message_seconds",
    "Seconds from taking a message to settling it.",
    ["durable"],
    buckets=(0.01, 0.05, 0.2, 1, 5, 20, 60, 300, 1800, 7200),
)
MESSAGES_IN_FLIGHT = Gauge("ai2text_messages_in_flight", "Messages taken and not yet settled.", ["durable"])
PUBLISH_RETRIES = Counter(
    "ai2text_publish_retries_total", "Publications that were not acknowledged at once.", ["subject"]
)
STORE_SECONDS = Histogram(
    "ai2text_store_seconds",
    "Seconds of calls to the object store, by operation.",
    ["operation"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
STORE_FAILURES = Counter("ai2text_store_failures_total", "Failed calls to the object store.", ["operation"])
RECORDINGS_INGESTED = Counter("ai2text_recordings_ingested_total", "Recordings taken in, by kind of source.", ["kind"])
RECORDINGS_REJECTED = Counter("ai2text_recordings_rejected_total", "Refused inputs, by reason.", ["code"])
AUDIO_SECONDS_TRANSCRIBED = Counter(
    "ai2text_audio_seconds_transcribed_total",
    "Seconds of audio whose transcript this worker wrote.",
    ["model"],
)
TRANSCRIPTION_SECONDS = Counter(
    "ai2text_transcription_seconds_total",
    "Seconds spent transcribing; divided by the audio seconds it is the real-time factor.",
    ["model"],
)
TRANSCRIPTIONS_FAILED = Counter(
    "ai2text_transcriptions_failed_total", "Jobs that ended as failed, by reason.", ["code"]
)
MODEL_PROGRESS = Gauge(
    "ai2text_model_progress", "Share of a model's download or load that is done; gone when it is over.", ["model"]
)
MODEL_DOWNLOADED_BYTES = Counter("ai2text_model_downloaded_bytes_total", "Bytes of models taken over the network.")
MODEL_DOWNLOAD_RETRIES = Counter(
    "ai2text_model_download_retries_total", "Times a download of a model was broken off and begun again where it was."
)
MODEL_LOAD_SECONDS = Histogram(
    "ai2text_model_load_seconds",
    "Seconds from asking for a model that was not in memory to having it there, by how it ended: ready, failed.",
    ["outcome"],
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
MODEL_MEMORY_BYTES = Gauge("ai2text_model_memory_bytes", "Memory that the models of this worker take.")
MODEL_MEMORY_BUDGET_BYTES = Gauge("ai2text_model_memory_budget_bytes", "Memory that they may take together.")
MODELS_EVICTED = Counter("ai2text_models_evicted_total", "Models taken out of memory to make room for another.")
EVENTS_PERSISTED = Counter("ai2text_events_persisted_total", "Events written to the catalogue.", ["subject"])
OUTBOX_PENDING = Gauge("ai2text_outbox_pending", "Announcements committed and not yet acknowledged by NATS.")
BACKLOG_AUDIO_SECONDS = Gauge(
    "ai2text_backlog_audio_seconds",
    "Audio of queued and running jobs of all tenants; each replica says the same, so take the maximum.",
    ["lane"],
)
BACKLOG_JOBS = Gauge("ai2text_backlog_jobs", "Queued and running jobs of all tenants, likewise.", ["lane"])
POSTGRES_POOL = Gauge(
    "ai2text_postgres_pool",
    "The pools of connections, by role, in psycopg's own numbers: size, waiting requests, errors, and so on.",
    ["role", "number"],
)
HTTP_SECONDS = Histogram(
    "ai2text_http_seconds",
    "Seconds from a request to the end of its response.",
    ["method", "route", "status"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
BATCH_WINDOWS = Histogram(
    "ai2text_batch_windows", "Windows that went through the model together.", buckets=(1, 2, 4, 8, 16, 32, 64, 128)
)
WINDOWS_WAITING = Gauge(
    "ai2text_windows_waiting",
    "Windows of up to 30 s that are ready for the device; while it is 0 the device is hungry.",
)
DEVICE_SECONDS = Counter(
    "ai2text_device_seconds_total",
    "Seconds in which a batch was on the device, summed over the threads that feed it: two on a GPU.",
)
CIRCUIT_OPEN = Gauge(
    "ai2text_circuit_open",
    "1 while the gateway does not ask a service that has failed several times in a row.",
    ["service"],
)
REQUESTS_LIMITED = Counter(
    "ai2text_requests_limited_total",
    "Requests refused with 429, by what was exceeded: rate, at_once, quota.",
    ["limit"],
)
WEBHOOK_ATTEMPTS = Counter(
    "ai2text_webhook_attempts_total", "Attempts to tell a webhook of something: delivered, failed.", ["outcome"]
)
AUDIT_DROPPED = Counter(
    "ai2text_audit_dropped_total",
    "Entries of the audit trail that the catalogue did not get: too many at once, or away.",
)
