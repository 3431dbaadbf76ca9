"""An upload that somebody waits for: handed in on the interactive lane, and waited for as long as its length allows."""

import time
from collections.abc import AsyncIterator
from typing import Any

from ai2text.api_gateway.follow_job import FollowJob
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openai_errors import DO_NOT_RETRY, OpenAIRefused
from ai2text.api_gateway.settings import GatewaySettings
from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.outcome import Cancellation, Transcript
from ai2text.common.contracts.states import JOB_ENDS

LONGEST_POLL_SECONDS = 30.0
FIRST_REFUSAL = 400
FIELD_AT_FAULT = {
    "prompt_too_long": "prompt",
    "invalid_temperature": "temperature",
    "invalid_language": "language",
    "unknown_language": "language",
    "unknown_model": "model",
    "cannot_translate": "model",
    "hotwords_too_long": "keywords",
    "too_many_channels": "separate_channels",
}
"""By the code of a refusal; all others are about the file."""
GIVEN_UP = {"delivery_budget_spent", "failed_repeatedly"}
"""Failures that are not the request's fault."""


class TranscribeUpload:
    """The same audio with the same options attaches to the job that runs, or gets the result that stands."""

    def __init__(self, metadata: Service, ingestion: Service, following: FollowJob, settings: GatewaySettings) -> None:
        self._metadata = metadata
        self._following = following
        self._ingestion = ingestion
        self._settings = settings

    async def transcribe_upload(
        self, caller: Caller, fields: dict[str, str], audio: AsyncIterator[bytes], least_channels: int = 1
    ) -> Transcript:
        """Raises OpenAIRefused, also for a recording of fewer channels, and Unavailable."""
        received = await self._handed_in(caller, fields, audio)
        recording = await self._metadata.get(f"/v1/recordings/{received['recording_id']}", caller)
        if recording["channels"] < least_channels:
            raise OpenAIRefused(
                FIRST_REFUSAL,
                f"Who speaks is not known of a recording of {recording['channels']} channel: ask for verbose_json.",
                code="speakers_unknown",
                param="response_format",
            )
        await self._wait(received["job_id"], recording["duration_seconds"], caller)
        return await self._transcript(received["job_id"], caller)

    async def transcribe_live(
        self, caller: Caller, fields: dict[str, str], audio: AsyncIterator[bytes]
    ) -> AsyncIterator[str | Transcript | None]:
        """Text as it is heard, None while nothing is, and in the end the transcript. Raises as above.

        Nothing comes before the upload was accepted; so whatever is wrong with it can be answered as usual.
        """
        received = await self._handed_in(caller, fields, audio)
        return self._live(caller, received["job_id"])

    async def _live(self, caller: Caller, job_id: str) -> AsyncIterator[str | Transcript | None]:
        said = False
        async for event in self._following.follow_job(caller, job_id):
            if event is None:
                yield None
            elif event.segments:
                text = "".join(segment.text for segment in event.segments)
                yield text if said else text.lstrip()
                said = True
            elif event.transcript is not None:
                yield event.transcript
                return
        yield await self._transcript(job_id, caller)

    async def _handed_in(self, caller: Caller, fields: dict[str, str], audio: AsyncIterator[bytes]) -> dict[str, Any]:
        status, received = await self._ingestion.post(
            "/v1/recordings", {**fields, "lane": "interactive"}, audio, caller
        )
        if status >= FIRST_REFUSAL:
            raise OpenAIRefused(
                status if status == 413 else FIRST_REFUSAL,  # noqa: PLR2004 - too large stays what it is
                received["detail"],
                code=received["code"],
                param=FIELD_AT_FAULT.get(received["code"], "file"),
            )
        return received

    async def _wait(self, job_id: str, duration_seconds: float, caller: Caller) -> None:
        """Longer recordings may take longer."""
        allowed = self._settings.wait_base_seconds + duration_seconds * self._settings.wait_factor
        deadline = time.monotonic() + allowed
        while (left := deadline - time.monotonic()) > 0:
            wait = f"{min(left, LONGEST_POLL_SECONDS):.1f}"
            job = await self._metadata.get(f"/v1/jobs/{job_id}", caller, {"wait": wait})
            if job["status"] in JOB_ENDS:
                return
        raise OpenAIRefused(
            504,
            f"The transcription goes on; ask for job {job_id} at /v1/jobs, or send the same request again later.",
            code="transcription_pending",
            headers={**DO_NOT_RETRY, "AI2Text-Job-Id": job_id},
        )

    async def _transcript(self, job_id: str, caller: Caller) -> Transcript:
        outcome = decode_outcome(await self._metadata.read(f"/v1/jobs/{job_id}/outcome", caller))
        if isinstance(outcome, Transcript):
            return outcome
        if isinstance(outcome, Cancellation):
            raise OpenAIRefused(
                409,
                f"The job {job_id} was cancelled; ask for it again with `rerun` at /v1/jobs.",
                code="job_cancelled",
                headers=DO_NOT_RETRY,
            )
        reason = outcome.reason
        status = 500 if reason.code in GIVEN_UP else FIRST_REFUSAL
        param = FIELD_AT_FAULT.get(reason.code, "file")
        raise OpenAIRefused(status, reason.detail, code=reason.code, param=param, headers=DO_NOT_RETRY)
