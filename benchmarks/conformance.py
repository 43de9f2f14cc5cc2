"""The table of docs/guide/conformance.md: which levels explainers of other libraries hold, one row each, as Markdown.

python benchmarks/conformance.py captum:IntegratedGradients lime:LimeImageExplainer    # without names: every peer
"""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version

import torch

import seewhy
from seewhy.provable.level import levels
from seewhy.provable.peers import LIBRARIES

SIGNS = {"holds": "+", "fails": "**✗**", "does not hold": "–", "does not apply": " ", "crashed": "!"}
CODES = list(dict.fromkeys(level.code for level in levels() if level.code != "C19"))  # they state no intervals


def row(name: str) -> str:
    """The signs of an explainer's levels, and what failed, with the number."""
    found = seewhy.conformance(name)
    cells = [" ".join(SIGNS[one.status] for one in found.outcomes if one.code == code) for code in CODES]
    failed = [
        f"{one.level} {one.says.partition('.')[0] if one.number is None else f'{one.number:.2g} ({one.bound})'}"
        for one in found.failed
    ]
    return f"| {name} | {' | '.join(cells)} | {'; '.join(failed)} |"


def main(names: list[str]) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(", ".join(f"{library} {version(library)}" for library in LIBRARIES), flush=True)
    print(f"| | {' | '.join(CODES)} | claimed, and not so |\n|{'---|' * (len(CODES) + 2)}")
    for name in names or [f"{library}:{one}" for library, peers in LIBRARIES.items() for one in peers]:
        print(row(name), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
