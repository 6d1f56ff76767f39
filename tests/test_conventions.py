"""House rules that no linter checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = sorted(path for package in ("gateway", "dispatch", "radio_drivers") for path in (ROOT / package).rglob("*.py"))
LONGEST = 420
"""Lines of a module; most have 100 to 300."""
LATER = {"radio_drivers/keying.py": 1}
"""Places that pass a cancellation on, but only after the key is up; tests/radio_drivers/test_keying.py holds them to it."""


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def caught(node: ast.expr | None) -> Iterator[str]:
    """Names of the exceptions of an except clause or a suppress()."""
    match node:
        case ast.Tuple(elts=parts):
            for part in parts:
                yield from caught(part)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            yield name
        case _:
            pass


def swallowed_cancellations(tree: ast.AST) -> Iterator[int]:
    """Lines that catch a cancellation and don't pass it on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            takes = set(caught(node.type))
            if (takes & {"CancelledError", "BaseException"} or node.type is None) and not any(
                isinstance(inner, ast.Raise) for inner in ast.walk(node)
            ):
                yield node.lineno
        if isinstance(node, ast.Call) and "suppress" in set(caught(node.func)):
            suppressed = {name for argument in node.args for name in caught(argument)}
            if suppressed & {"CancelledError", "BaseException"}:
                yield node.lineno


@pytest.mark.parametrize("path", OURS, ids=names)
def test_a_cancellation_always_passes_on(path: Path) -> None:
    found = list(swallowed_cancellations(ast.parse(path.read_text())))
    assert len(found) == LATER.get(names(path), 0), found


def test_the_check_above_finds_what_it_is_for() -> None:
    bad = """
try:
    await task
except asyncio.CancelledError:
    pass
with suppress(asyncio.CancelledError):
    await task
try:
    await task
except BaseException:
    clean_up()
    raise
"""
    assert list(swallowed_cancellations(ast.parse(bad))) == [4, 6]


@pytest.mark.parametrize("path", OURS, ids=names)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


def test_the_version_is_said_once_and_the_changelog_has_it_or_is_ahead() -> None:
    import tomllib

    from gateway import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or f"## [{__version__}]" in changelog


def test_every_page_that_the_readme_names_is_there() -> None:
    import re

    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} names {link}"
