"""Print what has grown: functions over 40 lines, modules over 300, option names used once. Never fails."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "seewhy"
FUNCTION_LINES, MODULE_LINES = 40, 300


def long_modules() -> Iterator[str]:
    """Each module longer than the house likes."""
    for path in sorted(SOURCE.rglob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES:
            yield f"{path.relative_to(SOURCE)}: {lines} lines"


def long_functions() -> Iterator[str]:
    """Each function longer than the house likes."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}: {lines} lines"


def lonely_options() -> Iterator[str]:
    """Each option word that a single method uses."""
    rows = json.loads((SOURCE / "facts.json").read_text(encoding="utf-8"))
    users = Counter(option for row in rows for option in row["options"])
    for option in sorted(option for option, count in users.items() if count == 1):
        yield f"{option} ({next(row['name'] for row in rows if option in row['options'])})"


def main() -> None:
    for title, found in (
        (f"Functions over {FUNCTION_LINES} lines", list(long_functions())),
        (f"Modules over {MODULE_LINES} lines", list(long_modules())),
        ("Option names used by one method only", list(lonely_options())),
    ):
        print(f"{title}: {len(found)}", *found, sep="\n  ")


if __name__ == "__main__":
    main()
