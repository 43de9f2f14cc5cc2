"""How often the error bars of every sampling method hold the truth: many runs against fifty times the samples.

A tiny network, 3 x 3 parts or cells, no stop rule; the reference has at least 20 000 samples (HSIC: 3200). "each" is
the share of values within 1.96 standard errors, "whole map" how often the band held all that varied; the numbers behind
± are standard errors of these shares. "unseen" is how often a value that never varied in the draws was wrong all the
same: no error bar can know. "stated / real" is the mean standard error over the error that the runs had.

    .venv/bin/python benchmarks/error_bars.py [runs] [samples ...] [method ...]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import torch

from seewhy.registry import load_all
from seewhy.testing.coverage import coverage


def rows(runs: int, budgets: list[int], names: list[str]) -> Iterator[str]:
    """One line of the table per method and number of samples."""
    for entry in load_all().values():
        for samples in budgets if entry.samples and entry.name in (names or [entry.name]) else ():
            reference = 3_200 if entry.name == "hsic" else 20_000  # whose memory grows with the square
            found = coverage(entry, samples=samples, runs=runs, times=max(50, reference // samples))
            if math.isnan(found.stated):
                yield f"| {entry.name} | {samples} | exact | exact | – | – |"
                continue
            each, whole = found.each.mean(), found.together.mean()
            yield (
                f"| {entry.name} | {samples} | {each:.1%} ± {found.error:.1%} | {whole:.1%} ± {found.band_error:.1%}"
                f" | {found.unseen.mean():.0%} | {found.stated:.2f} |"
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    runs, *budgets = [int(given) for given in sys.argv[1:] if given.isdigit()] or [400]
    names = [given for given in sys.argv[1:] if not given.isdigit()]
    print("| method | samples | each | whole map | unseen | stated / real |\n|---|---|---|---|---|---|")
    for line in rows(runs, budgets or [64, 256], names):
        print(line, flush=True)
