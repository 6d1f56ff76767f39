"""Which engine `huecry replay --engine` means."""

from __future__ import annotations

import pytest
import typer

from gateway.cli.replay import with_engine
from gateway.speech.settings import SpeechSettings

FAR = SpeechSettings(url="tcp://box:10300", model="base.en")


def test_one_of_ours_means_that_one_alone() -> None:
    assert with_engine(FAR, "whisper") == SpeechSettings(engine="whisper", model="base.en")
    assert with_engine(FAR, "vosk") == SpeechSettings(engine="vosk"), "another engine has other models"


def test_wyoming_means_the_one_at_the_configured_address_with_ours_behind_it() -> None:
    assert with_engine(FAR, "wyoming") == FAR


@pytest.mark.parametrize("engine", ["wyoming", "parrot", ""])
def test_what_there_is_not(engine: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"speech\.url"):
        with_engine(SpeechSettings(), engine)
