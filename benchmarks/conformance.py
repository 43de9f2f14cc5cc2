"""The tables of docs/guide/conformance.md: which levels explainers of other libraries hold, a row each, as Markdown.

python benchmarks/conformance.py captum:IntegratedGradients lime:LimeImageExplainer    # without names: every peer
python benchmarks/conformance.py clips    # the levels about clips, and who explains them
"""

from __future__ import annotations

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import torchvision_shim  # noqa: F401

# isort: split
import torch

import seewhy
from seewhy.provable.level import levels
from seewhy.provable.peers import LIBRARIES

SIGNS = {"holds": "+", "fails": "**✗**", "does not hold": "–", "does not apply": " ", "crashed": "!"}
CODES = list(dict.fromkeys(level.code for level in levels()))
OF_CLIPS = [code for code in CODES if code.startswith("V")]
OF_IMAGES = [code for code in CODES if code not in (*OF_CLIPS, "C19")]  # peers state no intervals


def row(name: str, codes: list[str]) -> str:
    """The signs of an explainer's levels, and what failed, with the number."""
    found = seewhy.conformance(name, levels=codes)
    cells = [" ".join(SIGNS[one.status] for one in found.outcomes if one.code == code) for code in codes]
    failed = [
        f"{one.level} {one.says.partition('.')[0] if one.number is None else f'{one.number:.2g} ({one.bound})'}"
        for one in found.failed
    ]
    return f"| {name} | {' | '.join(cells)} | {'; '.join(failed)} |"


def main(names: list[str]) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    codes = OF_CLIPS if "clips" in names else OF_IMAGES
    every = {f"{library}:{one}": peer for library, peers in LIBRARIES.items() for one, peer in peers.items()}
    fit = [name for name, peer in every.items() if codes is OF_IMAGES or 3 in peer.axes]
    print(", ".join(f"{library} {version(library)}" for library in LIBRARIES), flush=True)
    print(f"| | {' | '.join(codes)} | claimed, and not so |\n|{'---|' * (len(codes) + 2)}")
    for name in [name for name in names if name != "clips"] or fit:
        print(row(name, codes), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
