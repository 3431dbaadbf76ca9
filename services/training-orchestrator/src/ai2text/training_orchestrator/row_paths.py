"""Under which paths a version has the audio of a row. No I/O here."""

from ai2text.common.contracts.definition import BY_REFERENCE, STORE, Definition, Format
from ai2text.training_orchestrator.audio_paths import own_path, source_path
from ai2text.training_orchestrator.formats import common_voice, hugging_face
from ai2text.training_orchestrator.rows import Row


def paths_of(row: Row, definition: Definition) -> list[str]:
    """Several when formats want it in several places; none when all of them hold it themselves, or name its archive."""
    if row.lies_elsewhere:
        return []
    paths = list[str]()
    if definition.audio.reference != STORE and not set(BY_REFERENCE).isdisjoint(definition.formats):
        paths.append(path_of(row))
    if Format.HUGGING_FACE in definition.formats:
        paths.append(hugging_face.audio_path(row))
    if Format.COMMON_VOICE in definition.formats:
        paths.append(common_voice.audio_path(row))
    return paths


def path_of(row: Row) -> str:
    """Relative to the version."""
    if row.has_own_file:
        return own_path(row.recording_id, row.id, row.codec)
    return source_path(row.audio_sha256, row.extension)
