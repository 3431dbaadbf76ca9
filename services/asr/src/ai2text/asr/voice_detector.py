"""Silero's voice detector over a stream: its state is carried, so a recording may come in blocks of any length."""

import numpy as np
import numpy.typing as npt
from faster_whisper.vad import get_vad_model

from ai2text.asr.voice_activity import FRAME

Samples = npt.NDArray[np.float32]

CONTEXT = 64
"""Samples of the frame before that the model sees as well."""
FRAMES_AT_ONCE = 64
"""Two seconds. Thirty at once cost 30 MB more, and a third more time."""


class VoiceDetector:
    """The same probabilities as `faster_whisper.vad` gives for the whole recording at once, but for its last frame."""

    def __init__(self) -> None:
        self._session = get_vad_model().session
        self._state = (np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32))
        self._context = np.zeros(CONTEXT, np.float32)
        self._rest = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> Samples:
        """The probability of speech in each frame that is complete now."""
        waiting = np.concatenate((self._rest, samples))
        whole = len(waiting) // FRAME * FRAME
        self._rest = waiting[whole:]
        frames = waiting[:whole].reshape(-1, FRAME)
        parts = [self._heard(frames[at : at + FRAMES_AT_ONCE]) for at in range(0, len(frames), FRAMES_AT_ONCE)]
        return np.concatenate((np.zeros(0, np.float32), *parts))

    def finish(self) -> Samples:
        """The last frame, filled up with silence, if anything is left."""
        if not len(self._rest):
            return np.zeros(0, np.float32)
        return self.push(np.zeros(FRAME - len(self._rest), np.float32))

    def _heard(self, frames: Samples) -> Samples:
        tails = frames[:, -CONTEXT:]
        contexts = np.concatenate((self._context[None], tails[:-1]))
        self._context = tails[-1].copy()
        hidden, cell = self._state
        heard, hidden, cell = self._session.run(
            None, {"input": np.concatenate((contexts, frames), axis=1), "h": hidden, "c": cell}
        )
        self._state = (hidden, cell)
        return np.asarray(heard, np.float32).reshape(-1)
