from types import SimpleNamespace
from typing import Any, cast

import pytest

from ai2text.asr.whisper import Whisper


@pytest.mark.parametrize(
    ("multilingual", "whole_decoder", "translates"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_model_translates_that_knows_several_languages_and_was_not_cut_down(
    *, multilingual: bool, whole_decoder: bool, translates: bool
) -> None:
    model = cast("Any", SimpleNamespace(model=SimpleNamespace(is_multilingual=multilingual)))
    assert Whisper(model, whole_decoder=whole_decoder).translates == translates
