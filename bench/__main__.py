"""`./run bench NAME [options]`: reproducible measurements. Each writes a table here and figures to bench/results/."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import bench


def main() -> int:
    """Run the named measurement, or list them."""
    names = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        table = Table("./run bench", "measures", title="Measurements")
        for name in names:
            doc = importlib.import_module(f"bench.{name}").__doc__ or ""
            table.add_row(name, doc.strip().splitlines()[0] if doc else "")
        Console().print(table)
        return 0 if len(sys.argv) < 2 else 2
    result = importlib.import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:])
    return int(result or 0)


if __name__ == "__main__":
    sys.exit(main())
