"""Whether a radio's settings work, before they are written. Text in, a sentence out."""

from __future__ import annotations

import tomllib

from pydantic import TypeAdapter, ValidationError

from gateway.settings import RadioSettings


def problem_with(text: str, name: str) -> str | None:
    """What is wrong with one radio of a settings file; None when it works.

    Args:
        text: the file.
        name: the channel.
    """
    radio = next(radio for radio in tomllib.loads(text)["radio"] if radio.get("name") == name)
    try:
        TypeAdapter(RadioSettings).validate_python(radio)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else first["msg"]
    return None
