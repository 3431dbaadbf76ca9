"""Looks what this machine can transcribe with; run as a child, because the libraries it asks are large.

Prints as its last line one JSON object, the fields of `model_choice.Found`.
"""

import json
import os
import threading

from ai2text.asr.settings import AsrSettings
from ai2text.common.settings import load

HUB_SECONDS = 5.0
GPU_MODEL, CPU_MODEL = "large-v3-turbo", "small"


def main() -> None:
    model = GPU_MODEL if _gpus() else CPU_MODEL
    usable = _is_cached(model) or _hub_answers()
    print(json.dumps({"model": model, "usable": usable}), flush=True)
    os._exit(0)  # a look-up of the hub's name may hang on in its thread


def _gpus() -> int:
    import ctranslate2  # noqa: PLC0415 - large

    return int(ctranslate2.get_cuda_device_count())


def _is_cached(model: str) -> bool:
    from ai2text.asr.model_cache import ModelCache  # noqa: PLC0415 - its libraries are large
    from ai2text.asr.model_source import HubModel, source_of  # noqa: PLC0415 - likewise

    settings = load(AsrSettings)
    source = source_of(model, settings)
    return isinstance(source, HubModel) and ModelCache(settings.model_cache).find(source) is not None


def _hub_answers() -> bool:
    """Within the time, name look-up included; an error may come from a proxy on the way and is no answer."""
    import httpx  # noqa: PLC0415 - not needed for a cached model
    from huggingface_hub import constants  # noqa: PLC0415 - large

    if constants.HF_HUB_OFFLINE:
        return False
    answers: list[bool] = []

    def ask() -> None:
        try:
            answers.append(not httpx.head(constants.ENDPOINT, timeout=HUB_SECONDS).is_error)
        except httpx.HTTPError:
            answers.append(False)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(HUB_SECONDS)
    return answers == [True]


if __name__ == "__main__":
    main()
