"""The `[speech]` part of the configuration. Plain values: the gateway's settings validate and fill them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

Engine = Literal["whisper", "vosk"]

PhraseList = Literal["off", "beside", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """How transmissions become text."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    engine: Engine = "whisper"
    """whisper: hears best, after the talker let go. vosk: text while the key is down; needs a fetched model. With `url` set: the
    engine here, which hears beside the other one, holds names against the sound and takes over."""

    url: str | None = None
    """Address of a speech engine on another machine that speaks the Wyoming protocol, as `tcp://host:10300` (or
    `unix:///path`). It gives the text; when it goes away the engine here takes over within the same call, and gives back
    when it returns. Unencrypted: for your own network only (docs/speech.md)."""

    url_model: str | None = None
    """Which of its models the engine at `url` shall use, by its own name. None: it chooses."""

    url_time_out_s: Annotated[float, Ge(1), Le(120)] = 10.0
    """A transmission that the engine at `url` hasn't transcribed by then is given as heard here."""

    url_beside: bool = True
    """With `url`: the engine here hears each transmission as well. Its best wording is a second opinion on numbers, denials and
    names, and its transcript is at hand when the other one fails. false spares this machine the work until it is needed."""

    model: str | None = None
    """A name from `huecry models list`, or a folder. None: the model that comes with the package (whisper only)."""

    models_folder: Path | None = None
    """Where fetched models are. None: `gateway.speech.models.default_models_folder`."""

    workers: Annotated[int, Ge(1), Le(8)] = 1
    """Processes that transcribe at the same time. Each holds the model in memory."""

    threads: Annotated[int, Ge(0), Le(64)] = 0
    """Threads of one worker; 0: the machine's cores shared out, at most 4 each."""

    niceness: Annotated[int, Ge(0), Le(19)] = 5
    """How far speech stands back behind reception."""

    time_out_s: Annotated[float, Ge(1), Le(600)] = 30.0
    """One transmission that takes longer is given up and its worker replaced."""

    beam: Annotated[int, Ge(1), Le(20)] = 5
    """Whisper: wordings followed at the same time. More is slower and hardly better."""

    hypotheses: Annotated[int, Ge(1), Le(20)] = 5
    """Wordings handed on, the best included; at most `beam` for Whisper."""

    padding_s: Annotated[float, Ge(0.5), Le(10)] = 4.0
    """Whisper: silence added behind the call before it is encoded. With less, sentences come out doubled more often and are
    decoded a second time; more only costs time (docs/speech.md has the figures)."""

    hot_words: bool = True
    """Whisper: hear each call a second time with suggestions: the names that sound like something in it, places and callers.
    Adds wordings marked as biased; text and words are always those of the unbiased pass."""

    hot_word_passes: Annotated[int, Ge(1), Le(8)] = 1
    """Whisper: such passes. One takes about 223 tokens of suggestions, some 45 full names, which is more than sound alike."""

    varied: Annotated[int, Ge(0), Le(30)] = 6
    """Whisper: further wordings, heard through a little noise of the engine's own. Names that it doesn't know are found by how
    these differ (docs/names.md). 0: none."""

    phrase_list: PhraseList = "off"
    """Vosk: `beside` runs a second recogniser that knows only names, places and callers and gives wordings marked as biased;
    `only` hears nothing else; `off` leaves it."""

    language: str = "en"
    """Whisper models of many languages: which one is spoken."""
