"""Weights out of a CTranslate2 model file: where the network that reads sounds begins its training."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_VERSION: Final = 6
_TYPES: Final = (np.float32, np.int8, np.int16, np.int32, np.float16)
"""In the order of CTranslate2's numbers for them."""


class NotReadableError(ValueError):
    """No model file of the version that is known here."""


def variables(path: Path) -> dict[str, Array]:
    """All arrays of a `model.bin` by name, shape and type as kept.

    The layout is that of `ctranslate2.specs.model_spec.ModelSpec` when it saves (binary version 6): version, name of the
    specification, its revision, how many arrays; and for each its name, its shape, its type and its bytes, all little-endian.

    Raises:
        NotReadableError: of another version, or cut off.
    """
    data, at = path.read_bytes(), 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{kind}", data, at)
        at += struct.calcsize(f"<{kind}")
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return data[at - length : at - 1].decode()  # a zero byte ends it

    try:
        version = number("I")
        if version != _VERSION:
            raise ValueError(f"binary version {version}, not {_VERSION}")
        text()
        number("I")
        found: dict[str, Array] = {}
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind, size = _TYPES[number("B")], number("I")
            found[name] = np.frombuffer(data[at : at + size], kind).reshape(shape)
            at += size
    except (struct.error, ValueError, IndexError) as error:
        raise NotReadableError(f"{path} can't be read as a CTranslate2 model: {error}") from error
    return found


def encoder_of(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The arrays of a Whisper model's encoder, without `encoder/` before their names.

    Raises:
        NotReadableError: see `variables`; or it holds no encoder, or one of rounded weights.
    """
    own = {
        name.removeprefix("encoder/"): array for name, array in variables(path).items() if name.startswith("encoder/")
    }
    if "conv1/weight" not in own:
        raise NotReadableError(f"{path} holds no encoder")
    if any(array.dtype == np.int8 and array.ndim for array in own.values()):
        raise NotReadableError(f"{path} is rounded to int8: take the model in float16 or float32")
    return {name: np.asarray(array, np.float32) for name, array in own.items()}
