"""The settings: one frozen value, read from one TOML file, the environment and secret files.

Every key is described here or in the package that owns it; `docs/configuration.md` and `config/huecry.toml` are made
from these descriptions (`python -m gateway.settings_reference`), so they can't disagree.
"""

from __future__ import annotations

import copy
import os
import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PrivateAttr, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from dispatch.channels.announcement import VoiceSettings
from dispatch.channels.mqtt import MqttSettings
from dispatch.channels.sms import SmsSettings
from dispatch.outbox_rules import OutboxRules
from dispatch.policy import PolicyRules
from dispatch.wording import ContentRules
from gateway.archive.settings import ArchiveSettings
from gateway.recorder import RecorderRules
from gateway.secrets import fill_secrets
from gateway.settings_environment import EnvironmentSource, unknown_variables, variables_of
from gateway.settings_errors import Problem, SettingsError, dotted, problems_of
from gateway.settings_file import anchored, default_state_dir, not_finite, read_toml, settings_file
from gateway.settings_keys import Key, keys_of
from gateway.settings_sense import contradictions
from gateway.speech.settings import SpeechSettings
from gateway.toml_lines import line_of
from radio_drivers.cm108.settings import Cm108Settings
from radio_drivers.hamlib.settings import RigctldSettings
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import KeyingRules
from radio_drivers.line.settings import LineSettings
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mqtt.settings import MqttRadioSettings
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.simulator.settings import SimulatorSettings
from radio_drivers.svxlink.settings import SvxlinkSettings
from radio_drivers.tait.settings import TaitSettings
from radio_drivers.tetra.settings import TetraSettings
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from radio_drivers.upload.settings import UploadSettings

__all__ = [
    "DatabaseSettings",
    "LogSettings",
    "PathSettings",
    "Problem",
    "RadioSettings",
    "SchemeSettings",
    "Settings",
    "SettingsError",
    "TableSettings",
    "load_settings",
    "require_radio",
]


@dataclass(frozen=True, slots=True)
class SchemeSettings:
    """Whose radio scheme this is, and what the law wants recorded about it."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    name: str = "Unnamed scheme"
    """The scheme's name as members know it."""
    short: str = "scheme"
    """Short name: MQTT topics begin with `huecry/` and this, unless mqtt.topic_prefix is set. Letters, digits, `-`, `_`."""
    timezone: str = "Europe/London"
    """Where the scheme is: decides on which day a notice ends and which time is spoken. A name such as Europe/London."""
    recording_notice_given_on: date | None = None
    """Since when members have known that radio traffic is recorded and transcribed, as 2026-01-31. `huecry doctor` asks."""
    policy_document_accepted_on: date | None = None
    """When the scheme's board accepted the policy document on this processing. `huecry doctor` asks."""
    policy_document_accepted_by: str = ""
    """Who accepted it, by office: "Board of ..."."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", self.short):
            raise ValueError(f"short must be 1 to 32 letters, digits, - or _, but it is {self.short!r}")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"timezone {self.timezone!r} is not known; write for instance Europe/London") from error

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class PathSettings:
    """Where things are kept. Read them from `Settings.state_dir` and `.audio_dir`, which know the defaults."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    state_dir: Path | None = None
    """Folder of the database, recordings and fetched models. Not set: systemd's state directory (/var/lib/huecry), or
    ~/.local/state/huecry for a person."""
    audio_dir: Path | None = None
    """Folder of the recordings. Not set: `audio` in the state folder."""


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the register and everything heard, decided and sent is kept."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    url: SecretStr | None = None
    """`postgresql://user:password@host/name`, or `sqlite:////path`. Not set: SQLite in the state folder."""

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.get_secret_value().startswith(
            ("sqlite:///", "sqlite+aiosqlite:///", "postgresql://", "postgresql+asyncpg://", "postgres://")
        ):
            # The URL itself stays out of the message: it may hold a password.
            raise ValueError("url must begin with sqlite:/// or postgresql://")


@dataclass(frozen=True, slots=True)
class RadioSettings:
    """One base station on one channel."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    name: str
    """The channel's name in logs, alerts, topics and file names: letters, digits, `-` and `.`."""
    driver: Literal[
        "line",
        "rigctld",
        "cm108",
        "svxlink",
        "mqtt",
        "hermes",
        "trunk-recorder",
        "upload",
        "tait",
        "tetra",
        "simulator",
    ]
    """How the base station is connected: `line` (serial port and sound card), `rigctld`, `cm108`, `svxlink`, `mqtt`, `hermes`,
    `trunk-recorder`, `upload`, `tait`, `tetra`, or `simulator`. Only the table of that name counts (with `_` for `-`), beside it that
    of `line` for the sound card of `rigctld`, `cm108`, `svxlink`, `tait` and `tetra`, and `mmdvm` beside any of them."""
    password: SecretStr | None = None
    """The password at the broker: of the `mqtt`, `hermes` and `trunk-recorder` drivers, and of `mmdvm`."""
    line: LineSettings = field(default_factory=LineSettings)
    """A radio on a serial line and a sound card. The sound card's part counts for every driver that has its voice there."""
    rigctld: RigctldSettings = field(default_factory=RigctldSettings)
    """A radio that Hamlib knows, behind its `rigctld`; voice through the sound card of `line`."""
    cm108: Cm108Settings = field(default_factory=Cm108Settings)
    """A radio on the pins of a USB sound chip of the CM108 family; voice through the sound card of `line`."""
    svxlink: SvxlinkSettings = field(default_factory=SvxlinkSettings)
    """A base station joined by svxlink's pseudo-terminals; voice through the sound card of `line`."""
    mqtt: MqttRadioSettings = field(default_factory=MqttRadioSettings)
    """A base station behind an MQTT broker."""
    hermes: HermesSettings = field(default_factory=HermesSettings)
    """A base station behind Rhasspy's Hermes protocol."""
    trunk_recorder: TrunkRecorderSettings = field(default_factory=TrunkRecorderSettings)
    """A channel that trunk-recorder hears and publishes with its MQTT plugin."""
    mmdvm: MmdvmSettings = field(default_factory=MmdvmSettings)
    """An MMDVMHost beside this channel's base station: who talks, how strong, emergencies. Used when its topic is set."""
    upload: UploadSettings = field(default_factory=UploadSettings)
    """Recorders that upload finished calls over HTTP, as rdio-scanner takes them."""
    tait: TaitSettings = field(default_factory=TaitSettings)
    """A Tait TM8000 or TM9000 on its data port (CCDI); voice through the sound card of `line`."""
    tetra: TetraSettings = field(default_factory=TetraSettings)
    """A TETRA radio: calls, texts and emergencies over its PEI, voice through the sound card of `line`."""
    simulator: SimulatorSettings = field(default_factory=SimulatorSettings)
    """A software base station for drills and tests."""
    signalling: SignallingSettings = field(default_factory=SignallingSettings)
    """Signalling in the audio: selective calls, DTMF, MDC-1200, CTCSS; with any driver. docs/radios/signalling.md."""
    keying: KeyingRules = field(default_factory=KeyingRules)
    """Manners on the shared channel. Seconds."""

    def __post_init__(self) -> None:
        # Recordings are named by channel, with `_` between the parts of a name.
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,32}", self.name):
            raise ValueError(f"name must be 1 to 32 letters, digits, - or ., but it is {self.name!r}")


@dataclass(frozen=True, slots=True)
class SecretSettings:
    """Passwords and tokens. Not in this file, please: as files or systemd credentials."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    sms_auth_token: SecretStr | None = None
    """Twilio's auth token for `sms.account_sid`."""
    archive_key: SecretStr | None = None
    """The API key that `archive.url` gave us."""
    mqtt_password: SecretStr | None = None
    """Password of `mqtt.username` at the broker that alerts are published to."""


@dataclass(frozen=True, slots=True)
class TableSettings:
    """Editable tables that replace the ones that come with Hue and Cry."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    words_file: Path | None = None
    """Radio words, code words and their meaning. Not set: the packaged table."""
    places_file: Path | None = None
    """Places of the town, used beside those in the database. Not set: only the database's."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written to the terminal or the journal."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`console` for people, `json` for machines; `auto` is console on a terminal and json elsewhere."""


class Settings(BaseSettings):
    """Everything that can be set. Frozen; unknown keys are refused."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="HUECRY_", env_nested_delimiter="__", hide_input_in_errors=True
    )

    scheme: SchemeSettings = SchemeSettings()
    """Whose scheme this is."""
    paths: PathSettings = PathSettings()
    """Where things are kept."""
    database: DatabaseSettings = DatabaseSettings()
    """The store."""
    radio: tuple[RadioSettings, ...] = ()
    """The base stations, one `[[radio]]` table for each channel."""
    recorder: RecorderRules = RecorderRules()
    """Where one transmission begins and ends."""
    speech: SpeechSettings = SpeechSettings()
    """How transmissions become text."""
    policy: PolicyRules = PolicyRules()
    """When an alert goes out by itself, and when a person is asked: the Board's settings."""
    content: ContentRules = ContentRules()
    """What alerts say about a person, for each channel: the Board's settings."""
    outbox: OutboxRules = OutboxRules()
    """How deliveries are sent, tried again and given up. Seconds."""
    voice: VoiceSettings = VoiceSettings()
    """How spoken announcements sound."""
    sms: SmsSettings = SmsSettings()
    """Text messages by Twilio."""
    mqtt: MqttSettings = MqttSettings()
    """Alerts published to an MQTT broker, for screens and other programs."""
    archive: ArchiveSettings = ArchiveSettings()
    """Recordings passed on to an rdio-scanner compatible server. Off unless asked for: audio with people's names leaves the
    box (docs/archive.md says what the law asks)."""
    secrets: SecretSettings = SecretSettings()
    """Passwords and tokens: in files of their own, or as systemd credentials."""
    tables: TableSettings = TableSettings()
    """Editable tables."""
    log: LogSettings = LogSettings()
    """Logging."""

    _file: Path | None = PrivateAttr(default=None)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, which arrives as keyword arguments."""
        return (EnvironmentSource(settings_cls, all_keys()), init_settings)

    @model_validator(mode="before")
    @classmethod
    def _secrets(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        data = copy.deepcopy(data)
        wrong = fill_secrets(data, all_keys(), os.environ)
        if wrong:
            raise ValueError("; ".join(f"{key}: {reason}" for key, reason in wrong))
        return data

    @model_validator(mode="after")
    def _distinct_radios(self) -> Self:
        names = [radio.name for radio in self.radio]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two radios are called {name!r}: each needs a name of its own")
        return self

    @property
    def file(self) -> Path | None:
        """The file they were read from; None for the defaults alone."""
        return self._file

    @property
    def state_dir(self) -> Path:
        """Folder of the database, recordings and fetched models. May not exist yet."""
        return self.paths.state_dir or default_state_dir(os.environ)

    @property
    def audio_dir(self) -> Path:
        """Folder of the recordings. May not exist yet."""
        return self.paths.audio_dir or self.state_dir / "audio"

    @property
    def models_dir(self) -> Path:
        """Folder of fetched speech models. May not exist yet."""
        return self.speech.models_folder or self.state_dir / "models"

    @property
    def database_url(self) -> str:
        """For SQLAlchemy, with the asynchronous driver named."""
        if self.database.url is None:
            return f"sqlite+aiosqlite:///{self.state_dir / 'huecry.db'}"
        scheme, rest = self.database.url.get_secret_value().split("://", 1)
        return f"{'sqlite+aiosqlite' if scheme.startswith('sqlite') else 'postgresql+asyncpg'}://{rest}"


@cache
def all_keys() -> tuple[Key, ...]:
    """Every valid key."""
    return tuple(keys_of(Settings))


@cache
def _path_keys() -> frozenset[tuple[str, ...]]:
    keys = {key.path for key in all_keys() if key.holds(Path) or key.path[-1].endswith("_file")}
    return frozenset(keys | {(*key.path[:-1], f"{key.path[-1]}_file") for key in all_keys() if key.secret})


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: the TOML file; None looks at `$HUECRY_CONFIG`, ./huecry.toml and /etc/huecry/huecry.toml, and takes the
            defaults when there is none.

    Raises:
        SettingsError: with every problem, its file, line, key and the nearest valid key.
    """
    file = settings_file(path, os.environ)
    data, text = read_toml(file) if file is not None else ({}, "")
    name = str(file) if file is not None else "defaults"
    unknown = unknown_variables(os.environ, all_keys())
    if file is not None:
        data = {name: anchored(value, (name,), _path_keys(), file.resolve().parent) for name, value in data.items()}
    try:
        settings = Settings(**data)
    except ValidationError as error:
        raise SettingsError(
            [*problems_of(error, all_keys(), name, text, variables_of(os.environ, all_keys())), *unknown]
        ) from None
    wrong = [Problem(name, line_of(text, loc), dotted(loc), reason) for loc, reason in contradictions(settings)]
    # TOML and pydantic know nan and inf; no setting does, and a wait of inf seconds would only show itself at night.
    wrong += [
        Problem(name, line_of(text, loc), dotted(loc), "must be a finite number") for loc in not_finite(settings, ())
    ]
    if unknown or wrong:
        raise SettingsError([*wrong, *unknown])
    return _completed(settings, file)


def _completed(settings: Settings, file: Path | None) -> Settings:
    """Fill what one section takes from another, so that nobody has to look in two places."""
    speech, mqtt = settings.speech, settings.mqtt
    if speech.models_folder is None:
        speech = replace(speech, models_folder=settings.models_dir)
    if mqtt.topic_prefix == MqttSettings().topic_prefix:
        mqtt = replace(mqtt, topic_prefix=f"huecry/{settings.scheme.short}")
    settings = settings.model_copy(update={"speech": speech, "mqtt": mqtt})
    settings._file = file  # noqa: SLF001 - set once, here, by the module that defines it
    return settings


def require_radio(settings: Settings) -> tuple[RadioSettings, ...]:
    """The radios, for the commands that can't do without one.

    Raises:
        SettingsError: there is none.
    """
    if not settings.radio:
        name = str(settings.file) if settings.file is not None else "defaults"
        reason = "no radio is configured: add a [[radio]] table (docs/install.md shows one), or try `huecry demo`"
        raise SettingsError([Problem(name, None, "radio", reason)])
    return settings.radio
