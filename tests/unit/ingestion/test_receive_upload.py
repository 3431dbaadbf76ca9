import pytest

from ai2text.common.ask import UploadSettings
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Refused
from ai2text.ingestion.receive_upload import ask_of
from ai2text.ingestion.recording import Ask


def asked(*defaults: float, **fields: str) -> Ask:
    options = TranscriptionOptions(temperature=defaults) if defaults else TranscriptionOptions()
    return ask_of(UploadSettings(options=options), "t", "s", fields)


@pytest.mark.lesson("L17")
@pytest.mark.parametrize(
    ("defaults", "temperature", "tried"),
    [
        ((0.0,), "0", (0.0,)),
        ((0.0, 0.4), "0.0", (0.0, 0.4)),
        ((0.2, 0.4), "0", (0.0, 0.2, 0.4)),
        ((0.2, 0.4), "", (0.2, 0.4)),
        ((0.2, 0.4), "0.1", (0.1,)),
    ],
)
def test_l17_a_temperature_of_0_is_asked_for_whatever_the_default_is(
    defaults: tuple[float, ...], temperature: str, tried: tuple[float, ...]
) -> None:
    assert asked(*defaults, temperature=temperature).options.temperature == tried


def test_what_is_not_said_is_a_transcription_as_the_settings_have_it() -> None:
    assert (asked().task, asked().options) == (Task.TRANSCRIBE, TranscriptionOptions())


def test_a_translation_may_be_asked_for() -> None:
    assert asked(task="translate").task is Task.TRANSLATE


def test_options_are_those_of_jobs_and_fields_with_names_of_their_own_come_after_them() -> None:
    options = asked(options='{"hotwords": "Orwell", "language": "de", "vad_threshold": 0}', language="en").options
    assert options == TranscriptionOptions(hotwords="Orwell", language="en", vad_threshold=0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"task": "summarise"}, "invalid_task"),
        ({"options": "beam_size=1"}, "invalid_options"),
        ({"options": "[" * 100_000}, "invalid_options"),
        ({"options": "[1]"}, "invalid_options"),
        ({"options": '{"beam_size": 0}'}, "invalid_options"),
        ({"options": '{"beams": 1}'}, "unknown_option"),
        ({"options": '{"language": "English"}'}, "invalid_language"),
        ({"temperature": "nan"}, "invalid_temperature"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_says_nothing_sensible_is_refused(fields: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(**fields)
    assert refused.value.code == code
