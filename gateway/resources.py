"""Finds the data files of `config/`: beside the packages in a checkout, as `gateway/_config` in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


class ResourceMissingError(FileNotFoundError):
    """A file that comes with Hue and Cry is not there: the installation is damaged."""


def config_folder() -> Path:
    """The folder with the packaged configuration, places and wording.

    Raises:
        ResourceMissingError: neither a checkout nor a complete installation.
    """
    for folder in (_HERE / "_config", _HERE.parent / "config"):
        if folder.is_dir():
            return folder
    raise ResourceMissingError(f"no packaged configuration beside {_HERE}: please install huecry again")


def config_file(name: str) -> Path:
    """One file of `config/`, for instance `huecry.toml` or `demo/register.csv`.

    Raises:
        ResourceMissingError: there is no such file.
    """
    path = config_folder() / name
    if not path.is_file():
        raise ResourceMissingError(f"{path} is missing: please install huecry again")
    return path
