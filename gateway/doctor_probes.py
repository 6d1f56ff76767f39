"""Gathers the facts that `gateway.doctor` judges: asks devices, disk, database, brokers, models and Twilio.

Nothing here keys a radio, sends a message or changes the database. The daemon may run at the same time.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import aiomqtt

from dispatch.channels.synthesis import SynthesisError, make_synthesizer
from dispatch.store.address import parse_address
from dispatch.store.database import Database
from dispatch.store.errors import StoreError
from dispatch.store.migrate import load_migrations, version
from gateway import doctor
from gateway.doctor import Finding
from gateway.doctor_controls import cm108_checks, rig_checks, svxlink_checks
from gateway.doctor_elsewhere import speech_elsewhere, voice_elsewhere
from gateway.doctor_uploads import archive_checks, upload_checks
from gateway.resources import config_file
from gateway.settings import RadioSettings, Settings, all_keys
from gateway.speech.transcript import SpeechError
from gateway.speech.workers import SpeechWorkers
from radio_drivers.interface import RadioError
from radio_drivers.line.portaudio import choose_device, list_sound_devices
from radio_drivers.line.ports import list_serial_ports
from radio_drivers.mqtt.settings import BrokerSettings

PATIENCE_S = 5.0
"""Something on the network that has not answered by then is not there."""


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker and how to get in."""

    host: str
    port: int
    username: str = ""
    password: str | None = None
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


async def examine(settings: Settings, *, online: bool, now: datetime | None = None) -> list[Finding]:
    """Check everything, the slow things at the same time.

    Args:
        settings: as loaded.
        online: also ask Twilio, which needs the Internet.
        now: aware; the present when not given.
    """
    today = (now or datetime.now(UTC)).astimezone(settings.scheme.zone).date()
    first = [
        await asyncio.to_thread(_file, settings),
        await asyncio.to_thread(_disk, settings.state_dir),
        doctor.check_radios([radio.name for radio in settings.radio]),
    ]
    slow: list[Awaitable[list[Finding]]] = [
        _checked("database", _one(database(settings))),
        *(_checked(f"radio {radio.name}", radio_checks(radio)) for radio in settings.radio),
        _checked("speech", _one(speech(settings))),
        _checked("speech elsewhere", speech_elsewhere(settings.speech)),
        _checked("voice", _one(voice(settings))),
        _checked("voice elsewhere", voice_elsewhere(settings.voice)),
        _checked("text messages", _one(text_messages(settings, online=online))),
        _checked("alerts by MQTT", alert_broker(settings)),
        _checked("archive", archive_checks(settings)),
        _checked("clock", _one(clock())),
    ]
    findings = [finding for group in await asyncio.gather(*slow) for finding in group]
    legal = [
        doctor.check_recording_notice(settings.scheme, today),
        doctor.check_policy_document(settings.scheme, today),
    ]
    return [*first, *findings, *legal]


async def _checked(part: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        return await check
    except Exception as error:  # noqa: BLE001 - a broken library is what the doctor is there to find; the rest goes on
        text = f"the check itself failed: {type(error).__name__}: {error}"
        return [doctor.fail(part, text, "install huecry again; if it stays, report it with this text")]


async def _one(finding: Awaitable[Finding]) -> list[Finding]:
    return [await finding]


def _file(settings: Settings) -> Finding:
    file, packaged = settings.file, config_file("huecry.toml")
    if file is None:
        return doctor.check_file(None, None, holds_secret=False, packaged=packaged)
    text = file.read_text()
    names = {key.path[-1] for key in all_keys() if key.secret}
    lines = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    holds_secret = any(key.strip() in names for key, _ in lines)
    return doctor.check_file(file, file.stat().st_mode, holds_secret=holds_secret, packaged=packaged)


def _disk(folder: Path) -> Finding:
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    try:
        free: int | None = shutil.disk_usage(there).free
    except OSError:
        free = None
    return doctor.check_disk(folder, free, writable=os.access(there, os.W_OK | os.X_OK))


async def database(settings: Settings) -> Finding:
    """Open the database, read its version; make nothing."""
    try:
        address = parse_address(settings.database_url)
        if address.path is not None and not await asyncio.to_thread(address.path.exists):
            script = await asyncio.to_thread(load_migrations)
            return doctor.check_database(address.name, None, script.get_current_head() or "", (), None)
        store = Database(address)
        try:
            state = await version(store)
        finally:
            await store.close()
    except StoreError as error:
        return doctor.check_database("", None, "", (), str(error))
    return doctor.check_database(address.name, state.found, state.wanted, state.pending, None)


async def radio_checks(radio: RadioSettings) -> list[Finding]:
    """The devices or the broker behind one radio."""
    found = await _driver_checks(radio)
    if radio.mmdvm.topic:
        found.append(await _radio_broker(radio, radio.mmdvm, "mmdvm"))
    return found


async def _driver_checks(radio: RadioSettings) -> list[Finding]:
    match radio.driver:
        case "line":
            port = await _serial(radio, radio.line.port, "line.port")
            sound = await asyncio.to_thread(_sound, radio, transmits=radio.line.transmits)
            return [*port, *sound]
        case "rigctld" | "cm108" | "svxlink":
            return await _control_checks(radio)
        case "tait":
            port = await _serial(radio, radio.tait.port, "tait.port")
            sound = await asyncio.to_thread(_sound, radio, transmits=radio.tait.ptt != "none")
            return [*port, *sound]
        case "tetra":
            port = await _serial(radio, radio.tetra.port, "tetra.port")
            sound = await asyncio.to_thread(_sound, radio, transmits=radio.tetra.transmits)
            return [*port, *sound]
        case "mqtt":
            return [await _radio_broker(radio, radio.mqtt, "mqtt")]
        case "hermes":
            return [await _radio_broker(radio, radio.hermes, "hermes")]
        case "trunk-recorder":
            return [await _radio_broker(radio, radio.trunk_recorder, "trunk_recorder")]
        case "upload":
            return await upload_checks(radio)
        case "simulator":
            return [doctor.ok(f"radio {radio.name}", "a simulated base station: for drills only")]


async def _radio_broker(radio: RadioSettings, settings: BrokerSettings, table: str) -> Finding:
    broker = Broker(
        host=settings.host,
        port=settings.port_used,
        username=settings.username,
        password=radio.password.get_secret_value() if radio.password else None,
        tls=settings.tls,
        ca_file=settings.ca_file,
        certificate_file=settings.certificate_file,
        key_file=settings.key_file,
    )
    return await reach_broker(f"radio {radio.name}", broker, f"[radio.{table}]")


async def _control_checks(radio: RadioSettings) -> list[Finding]:
    match radio.driver:
        case "rigctld":
            found, transmits = await rig_checks(radio), radio.rigctld.ptt != "none"
        case "cm108":
            found, transmits = await cm108_checks(radio), radio.cm108.ptt_gpio != 0
        case _:
            found, transmits = await svxlink_checks(radio), radio.svxlink.key_pty is not None
    return [*found, *await asyncio.to_thread(_sound, radio, transmits=transmits or radio.line.transmits)]


async def _serial(radio: RadioSettings, port: str | None, key: str) -> list[Finding]:
    if port is None:
        return []
    parts = urlsplit(port)
    if parts.scheme in {"rfc2217", "socket"}:
        error = await _reach(parts.hostname or "", parts.port or 0)
        mend = "check that the serial server (ser2net) runs there and that no firewall is between"
        return [
            doctor.check_reached(f"radio {radio.name}", f"serial server {parts.hostname}:{parts.port}", error, mend)
        ]
    if parts.scheme:
        return [doctor.ok(f"radio {radio.name}", f"serial port {port}")]
    return [await asyncio.to_thread(_serial_file, radio.name, port, key)]


def _serial_file(name: str, port: str, key: str) -> Finding:
    path = Path(port)
    exists = path.exists()
    others = [] if exists else [found.device for found in list_serial_ports()]
    allowed = os.access(path, os.R_OK | os.W_OK)
    return doctor.check_serial(name, port, key=key, exists=exists, allowed=allowed, others=others)


def _sound(radio: RadioSettings, *, transmits: bool) -> list[Finding]:
    wanted = [("input", "sound_in", radio.line.sound_in)]
    if transmits:
        wanted.append(("output", "sound_out", radio.line.sound_out))
    findings = []
    for direction, key, name in wanted:
        chosen, wrong = None, None
        try:
            devices = list_sound_devices()
            index = choose_device(devices, "input" if direction == "input" else "output", name)
            chosen = None if index is None else devices[index].name
        except RadioError as error:
            wrong = str(error)
        findings.append(doctor.check_sound(radio.name, direction, key, chosen, wrong))
    return findings


async def _reach(host: str, port: int) -> str | None:
    """None when something listens there, else why not."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no answer within {PATIENCE_S:g} s"
    except OSError as error:
        return error.strerror or str(error)
    writer.close()
    return None


async def reach_broker(part: str, broker: Broker, where: str) -> Finding:
    """Sign in at a broker and out again, under a name of our own: the daemon's would throw the daemon out."""
    what = f"MQTT broker {broker.host}:{broker.port}"
    mend = f"check that it runs and that host, port, user and password in {where} are right"
    try:
        context = await asyncio.to_thread(_tls, broker) if broker.tls else None
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username or None,
            password=broker.password,
            identifier=f"huecry-doctor-{os.getpid()}",
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=PATIENCE_S,
            tls_context=context,
        )
        async with asyncio.timeout(2 * PATIENCE_S), client:
            pass
    except TimeoutError:
        return doctor.check_reached(part, what, f"no answer within {2 * PATIENCE_S:g} s", mend)
    except (aiomqtt.MqttError, OSError, ValueError) as error:
        return doctor.check_reached(part, what, str(error) or type(error).__name__, mend)
    return doctor.check_reached(part, what, None, mend)


def _tls(broker: Broker) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=broker.ca_file or None)
    if broker.certificate_file:
        context.load_cert_chain(broker.certificate_file, broker.key_file or None)
    return context


async def run_program(*argv: str) -> str | None:
    """What a program prints; None when it isn't there, fails, or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode(errors="replace") if process.returncode == 0 else None


async def clock(ask: Callable[..., Awaitable[str | None]] = run_program) -> Finding:
    """Ask timedatectl, which knows about chrony and ntpd too."""
    answer = await ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    said = (answer or "").strip()
    return doctor.check_clock({"yes": True, "no": False}.get(said))


async def speech(settings: Settings) -> Finding:
    """Start a speech worker with the chosen model, and end it."""
    began = time.perf_counter()
    try:
        async with SpeechWorkers(replace(settings.speech, workers=1)) as workers:
            return doctor.check_model(workers.engine, time.perf_counter() - began, None)
    except SpeechError as error:
        return doctor.check_model(settings.speech.engine, None, str(error))


async def voice(settings: Settings) -> Finding:
    """Have something spoken, into nowhere."""
    wanted = settings.voice.engine
    try:
        used = await asyncio.to_thread(_speak, wanted)
    except ValueError as error:
        return doctor.check_voice(None, str(error), fallback=False)
    return doctor.check_voice(used, None, fallback=used == "espeak" and wanted != "espeak")


def _speak(engine: str) -> str:
    try:
        voice = make_synthesizer(engine)
        voice.speak("Radio check.")
    except SynthesisError as error:
        raise ValueError(str(error)) from error
    return voice.name


async def text_messages(settings: Settings, *, online: bool) -> Finding:
    """Settings and token of the SMS account; with `online` Twilio itself is asked about the account."""
    sms, token = settings.sms, settings.secrets.sms_auth_token
    answer, error = None, None
    if online and sms.enabled and token is not None:
        url = f"{sms.base_url.rstrip('/')}/2010-04-01/Accounts/{sms.account_sid}.json"
        answer, error = await ask_twilio(url, sms.account_sid, token.get_secret_value())
    return doctor.check_sms(enabled=sms.enabled, token=token is not None, answer=answer, error=error)


async def ask_twilio(url: str, account: str, token: str) -> tuple[str | None, str | None]:
    """(what the account's state is, or what went wrong). Reads one resource; nothing is sent or charged."""
    secret = base64.b64encode(f"{account}:{token}".encode()).decode()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2 * PATIENCE_S)) as session,
            session.get(url, headers={"Authorization": f"Basic {secret}"}, allow_redirects=False) as response,
        ):
            if response.status != HTTPStatus.OK:
                return None, f"answered {response.status} {response.reason}"
            return str((await response.json()).get("status", "no state given")), None
    except TimeoutError:
        return None, "gave no answer"
    except (aiohttp.ClientError, ValueError, AttributeError) as error:
        return None, str(error) or type(error).__name__


async def alert_broker(settings: Settings) -> list[Finding]:
    """The broker that alerts are published to."""
    mqtt = settings.mqtt
    if not mqtt.enabled:
        return [doctor.ok("alerts by MQTT", "switched off (mqtt.enabled)")]
    password = settings.secrets.mqtt_password
    broker = Broker(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password=password.get_secret_value() if password else None,
        tls=mqtt.tls,
        ca_file=mqtt.ca_file,
    )
    return [await reach_broker("alerts by MQTT", broker, "[mqtt]")]
