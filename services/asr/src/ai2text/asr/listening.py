"""Windows of one recording, heard as its job asks: each again at the next temperature until it is good enough."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from ai2text.asr.batcher import Batcher
from ai2text.asr.fallback import best, good_enough
from ai2text.asr.prompts import asked_prompt, prompt
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.voice_detector import Samples
from ai2text.asr.whisper import Whisper
from ai2text.asr.window import Hypothesis, Manner, Window
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a job wants of a model, once its language is known."""

    language: str
    task: Task
    options: TranscriptionOptions
    urgent: bool


class Listener:
    """Raises Refused for a prompt that is too long for the model."""

    def __init__(self, batcher: Batcher, whisper: Whisper, ask: Ask, watch: Stopwatch) -> None:
        self._batcher = batcher
        self._whisper = whisper
        self._ask = ask
        self._watch = watch
        self.tokenizer = whisper.tokenizer(ask.language, ask.task)
        self._hotwords, self.initial_prompt = asked_prompt(self.tokenizer, ask.options, whisper.prompt_tokens_max)

    @property
    def language(self) -> str:
        return self._ask.language

    def hear(self, samples: Samples, *, before: Sequence[int] = (), timestamps: bool = False) -> Future[Hypothesis]:
        """`samples` are at most 30 s; `before` are tokens of the text that precedes them.

        Cancelling what this returns takes the window out of the queue, or lets it end without another try.
        """
        shown = prompt(self.tokenizer, self._hotwords, before, self._whisper.prompt_tokens_max)
        with self._watch.on("features"):
            window = self._whisper.window(samples, shown, full=timestamps)
        return _Tries(self, window, timestamps=timestamps).future

    def submit(self, window: Window, temperature: float, *, timestamps: bool) -> Future[Hypothesis]:
        manner = Manner(
            language=self._ask.language,
            task=self._ask.task,
            beam_size=self._ask.options.beam_size,
            temperature=temperature,
            timestamps=timestamps,
            prompt_tokens=len(window.prompt),
        )
        return self._batcher.hear(self._whisper, manner, window, urgent=self._ask.urgent)

    @property
    def temperatures(self) -> tuple[float, ...]:
        return self._ask.options.temperature


class _Tries:
    """One window at one temperature after the other; the next try is asked for when the one before has failed."""

    def __init__(self, listener: Listener, window: Window, *, timestamps: bool) -> None:
        self.future: Future[Hypothesis] = Future()
        self._listener = listener
        self._window = window
        self._timestamps = timestamps
        self._heard: list[Hypothesis] = []
        self._under_way: Future[Hypothesis] | None = None
        self.future.add_done_callback(self._stop)
        self._try_next()

    def _try_next(self) -> None:
        temperature = self._listener.temperatures[len(self._heard)]
        self._under_way = self._listener.submit(self._window, temperature, timestamps=self._timestamps)
        self._under_way.add_done_callback(self._judge)

    def _stop(self, _: Future[Hypothesis]) -> None:
        if self.future.cancelled() and self._under_way is not None:
            self._under_way.cancel()

    def _judge(self, tried: Future[Hypothesis]) -> None:
        if tried.cancelled():
            self.future.cancel()
        elif self.future.cancelled():
            return
        elif failure := tried.exception():
            self.future.set_exception(failure)
        else:
            self._heard.append(tried.result())
            if good_enough(self._heard[-1]) or len(self._heard) == len(self._listener.temperatures):
                self.future.set_result(best(self._heard))
            else:
                self._try_next()
