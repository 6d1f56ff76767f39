"""Which model the settings mean, and `huecry models`."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from typer.testing import CliRunner

from gateway.cli.models import app
from gateway.speech.models import BUNDLED, KNOWN, bundled_folder, default_models_folder, find_model, known
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import SpeechError, SpeechSettingsError


def test_the_bundled_model_is_there() -> None:
    assert (bundled_folder() / "model.bin").is_file()
    assert find_model(SpeechSettings()) == (bundled_folder(), BUNDLED)
    assert find_model(SpeechSettings(model=BUNDLED)) == (bundled_folder(), BUNDLED)


def test_a_fetched_model_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "base.en").mkdir()
    settings = SpeechSettings(model="base.en", models_folder=tmp_path)
    assert find_model(settings) == (tmp_path / "base.en", "base.en")
    assert find_model(SpeechSettings(model=str(tmp_path / "base.en"))) == (tmp_path / "base.en", "base.en")
    (tmp_path / "mine" / "model").mkdir(parents=True)
    assert find_model(SpeechSettings(model=str(tmp_path / "mine" / "model")))[1] == "mine"
    assert find_model(SpeechSettings(model="mine", models_folder=tmp_path)) == (tmp_path / "mine", "mine")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (SpeechSettings(model="base.en"), "huecry models fetch base.en"),
        (SpeechSettings(engine="vosk"), "huecry models fetch vosk-small-en-gb"),
        (SpeechSettings(engine="vosk", model="base.en"), 'is a whisper model, but engine = "vosk"'),
        (SpeechSettings(model="vosk-small-en-us"), 'is a vosk model, but engine = "whisper"'),
        (SpeechSettings(model="bass.en"), "known are tiny.en"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do(settings: SpeechSettings, says: str, tmp_path: Path) -> None:
    with pytest.raises(SpeechSettingsError, match=says.replace(".", r"\.")) as error:
        find_model(settings, {"STATE_DIRECTORY": str(tmp_path)})
    assert isinstance(error.value, SpeechError)


def test_where_models_lie() -> None:
    assert default_models_folder({"STATE_DIRECTORY": "/var/lib/huecry:/b"}) == Path("/var/lib/huecry/models")
    assert default_models_folder({"XDG_STATE_HOME": "/x"}) == Path("/x/huecry/models")
    assert default_models_folder({}) == Path.home() / ".local/state/huecry/models"


def test_names() -> None:
    assert len({model.name for model in KNOWN}) == len(KNOWN)
    by_own_name = known("vosk-model-small-en-gb-0.15")
    assert by_own_name is not None
    assert by_own_name.name == "vosk-small-en-gb"
    other = known("vosk-model-small-cy-0.1")
    assert other is not None
    assert (other.engine, other.source) == ("vosk", "vosk-model-small-cy-0.1")
    assert known("vosk-model-../../etc") is None
    assert known("anything") is None


def test_settings_refuse_what_they_do_not_know() -> None:
    adapter = TypeAdapter(SpeechSettings)
    assert adapter.validate_python({}) == SpeechSettings()
    assert adapter.validate_python({"engine": "vosk", "phrase_list": "beside"}).phrase_list == "beside"
    for wrong in ({"beams": "x"}, {"engine": "siri"}, {"beam": 0}, {"padding_s": 0.1}, {"workers": 99}):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


def test_the_list_shows_what_is_here(tmp_path: Path) -> None:
    (tmp_path / "base.en").mkdir()
    (tmp_path / "my-own").mkdir()
    (tmp_path / "my-own" / "model.bin").touch()
    (tmp_path / ".partial").mkdir()
    result = CliRunner().invoke(app, ["list", "--folder", str(tmp_path)], env={"COLUMNS": "160"})
    assert result.exit_code == 0
    rows = {line.split("│")[1].strip(): line for line in result.output.splitlines() if line.startswith("│")}
    assert set(rows) == {model.name for model in KNOWN} | {"my-own"}
    here = {name for name, line in rows.items() if line.split("│")[4].strip() == "yes"}
    assert here == {"tiny.en", "base.en", "my-own"}


def test_fetching_what_can_not_be_fetched(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fetch", "tiny.en", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "comes with the package" in result.output
    result = CliRunner().invoke(app, ["fetch", "siri", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "known are tiny.en" in result.output
