"""One program has a radio at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.radio_lock import RadioTaken, hold_radio, radios_held

HOLD = """
import sys, time
from pathlib import Path
from gateway.radio_lock import hold_radio
with hold_radio(Path(sys.argv[1]), "town", "huecry run"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_has_it_and_gets_it_when_the_first_dies(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with (
        pytest.raises(
            RadioTaken, match=rf"town is in use by huecry run \(process {first.pid}\).*systemctl stop huecry"
        ),
        hold_radio(tmp_path, "town", "huecry radio monitor"),
    ):
        pass
    with hold_radio(tmp_path, "hill", "huecry radio monitor"):
        pass
    first.kill()
    first.wait()
    first.stdout.close()
    with hold_radio(tmp_path, "town", "huecry radio monitor"):
        pass


def test_where_no_gateway_ever_ran_nothing_is_made(tmp_path: Path) -> None:
    with hold_radio(tmp_path / "state", "town", "huecry radio monitor"):
        assert not (tmp_path / "state").exists()


def test_a_lock_of_another_user_counts(tmp_path: Path) -> None:
    file = tmp_path / "radio-town.lock"
    with hold_radio(tmp_path, "town", "huecry run"):
        file.chmod(0o444)
        with pytest.raises(RadioTaken), hold_radio(tmp_path, "town", "huecry radio monitor"):
            pass


async def test_the_gateway_only_tells(tmp_path: Path) -> None:
    with hold_radio(tmp_path, "town", "huecry radio monitor"), capture_logs() as logs:
        async with radios_held(tmp_path, ["town", "hill"], "huecry run"):
            with pytest.raises(RadioTaken), hold_radio(tmp_path, "hill", "huecry radio setup"):
                pass
    assert [(entry["event"], entry["channel"]) for entry in logs] == [("a radio is in use by another program", "town")]
    with hold_radio(tmp_path, "hill", "huecry radio setup"):
        pass
