"""Messages as trunk-recorder's MQTT plugin publishes them, made up; each is held against the schema of its fields."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "trunk_recorder.json").read_text())


def _checked(message: dict[str, Any]) -> bytes:
    jsonschema.validate(message, SCHEMA)
    return json.dumps(message).encode()


def _as_text(fields: dict[str, Any]) -> dict[str, Any]:
    """As older versions of the plugin write them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}


def call(kind: str, start: datetime, *, as_text: bool = False, **fields: object) -> bytes:
    at = int(start.timestamp())
    usual = {
        "id": f"1_9001_{at}", "call_num": 17, "sys_num": 1, "sys_name": "shopwatch", "freq": 453125000, "unit": 4401,
        "unit_alpha_tag": "Quill Books", "talkgroup": 9001, "talkgroup_alpha_tag": "TOWN", "conventional": False,
        "encrypted": False, "emergency": False, "start_time": at, "stop_time": at + 3,
    }  # fmt: skip
    usual |= fields
    return _checked(
        {"type": kind, "call": _as_text(usual) if as_text else usual, "timestamp": at, "instance_id": "mast"}
    )


def audio(
    start: datetime,
    sound: bytes,
    seconds: float,
    *,
    kind: str = "wav",
    sources: tuple[dict[str, Any], ...] | None = None,
    **fields: object,
) -> bytes:
    at = int(start.timestamp())
    one = {"src": 4401, "time": at, "pos": 0, "emergency": 0, "signal_system": "", "tag": "Quill Books"}
    meta = {
        "call_filename": f"9001-{at}.wav", "freq": 453125000, "signal": -96, "noise": 999, "start_time": at,
        "stop_time": at + round(seconds), "emergency": 0, "encrypted": 0, "call_length": round(seconds), "talkgroup": 9001,
        "talkgroup_tag": "TOWN", "short_name": "shopwatch",
        "srcList": [one] if sources is None else list(sources),
    }  # fmt: skip
    body = {f"audio_{kind}_base64": base64.b64encode(sound).decode(), "metadata": {**meta, **fields}}
    return _checked({"type": "audio", "call": body, "timestamp": at + 4, "instance_id": "mast"})


def source(unit: int, start: datetime, position_s: float, **fields: object) -> dict[str, Any]:
    at = int(start.timestamp() + position_s)
    return {"src": unit, "time": at, "pos": position_s, "emergency": 0, "signal_system": "", "tag": "", **fields}


def status(text: str, client: str = "tr-status-1f2e") -> bytes:
    return _checked({"status": text, "client_id": client, "instance_id": "mast"})
