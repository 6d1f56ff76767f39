"""`huecry run` as a service manager sees it: readiness, signs of life, an orderly stop whatever is going on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Say
from tests.end_to_end.town import Town

CALL = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie and black cap, over."


class NotifySocket:
    """The end of the notify socket that systemd holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self._told: list[str] = []

    @property
    def told(self) -> list[str]:
        """Every line so far."""
        while True:
            try:
                self._told += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self._told

    def close(self) -> None:
        self._socket.close()


@contextmanager
def notify_socket(folder: Path) -> Iterator[NotifySocket]:
    made = NotifySocket(folder / "notify")
    try:
        yield made
    finally:
        made.close()


@pytest.mark.timeout(90)
@pytest.mark.speech
async def test_ready_alive_and_stopped_in_order(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with notify_socket(town.folder) as manager:
        monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
        monkeypatch.setenv("WATCHDOG_USEC", "1500000")
        await town.start()
        await town.until(lambda: manager.told.count("WATCHDOG=1") >= 3)
        assert manager.told.count("READY=1") == 1
        assert any(line.startswith("STATUS=listening") for line in manager.told)
        code, took_s = await town.stop()
        assert code == 0
        assert took_s < 5
        assert "STOPPING=1" in manager.told


@pytest.mark.timeout(120)
@pytest.mark.speech
async def test_stopped_while_speaking_the_key_is_dropped_and_the_next_start_says_repeat(town: Town, say: Say) -> None:
    # Slow enough that the announcement is still on the air when the signal comes.
    slow = town.config.read_text().replace("pace = 0.1", "pace = 0.5")
    await asyncio.to_thread(town.config.write_text, slow)
    await town.start()
    async with town.radio("1002") as guard, town.radio("1003") as listener:
        await guard.say(say(CALL))
        await town.until(lambda: "BASE" in listener.opened)
        code, took_s = await town.stop()
    assert code == 0
    assert took_s < 5
    ((state,),) = town.rows("select state from deliveries where channel = 'radio_voice'")
    assert state in {"pending", "sending"}, "not taken for said"
    await asyncio.to_thread(town.config.write_text, slow.replace("pace = 0.5", "pace = 0.05"))
    await town.start()
    await town.nothing_more_to_send()
    ((state, attempts),) = town.rows("select state, attempts from deliveries where channel = 'radio_voice'")
    assert (state, attempts) == ("sent", 2)
    assert len(town.twilio.texts) == 2, "nobody is texted twice"


@pytest.mark.timeout(60)
async def test_no_radio_is_said_in_a_sentence(town: Town) -> None:
    text = town.config.read_text()
    bare = text[: text.index("[[radio]]")] + text[text.index("[sms]") :]
    await asyncio.to_thread(town.config.write_text, bare)
    with pytest.raises(AssertionError, match="no radio is configured"):
        await town.start()
    assert await town.ended() == 2


@pytest.mark.timeout(60)
async def test_a_misspelt_key_is_named_with_its_line(town: Town) -> None:
    text = town.config.read_text().replace("hot_words = false", "hot_wrods = false")
    await asyncio.to_thread(town.config.write_text, text)
    with pytest.raises(AssertionError) as refusal:
        await town.start()
    said = str(refusal.value)
    assert "hot_wrods" in said
    assert "hot_words" in said
    assert f"{town.config}:" in said
    assert await town.ended() == 2
