"""Tables of other people's words: what comes from a file or the database is never taken for rich's markup."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text


def table(*columns: str, title: str, header: bool = True) -> Table:
    """An empty table. The title may hold anything."""
    return Table(*columns, title=Text(title), show_header=header)


def add(rows: Table, *cells: object) -> None:
    """A row of plain text; None is an empty cell."""
    rows.add_row(*(Text("" if cell is None else str(cell)) for cell in cells))
