"""Who finds the cause in time and in space: every method on rendered clips, beside controls that never ask the model.

Small networks learn four rules; the truth is the generator's. "time" is how often the strongest frame is one in which
the cause shows (where it does not show in every frame), "space" how dense what speaks for the class is on the cause,
frame by frame: 1 for a map that knows nothing. Means over the clips that the network calls right, with 95 % intervals.

    .venv/bin/python benchmarks/clips.py [--clips 24] [--folder networks] [--only event:vit ...] [method ...]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

import seewhy
from seewhy.domain.capability import Capability
from seewhy.domain.clip_regions import Cuboids
from seewhy.errors import SeewhyError
from seewhy.models.model import Model
from seewhy.registry import Entry, load_all
from seewhy.report.report_card import ReportCard
from seewhy.run.explainers import explainer_of
from seewhy.stats.proportions import wilson
from seewhy.testing.clips import Filmed, Trained, dataset, trained

Kind = Literal["cnn", "frames", "vit"]
# Direction and event are learned by the video transformer within a minute, two events only by the one over frames.
NETWORKS: tuple[tuple[str, Kind], ...] = (
    ("appearance", "cnn"), ("direction", "cnn"), ("event", "cnn"), ("order4", "cnn"),
    ("appearance", "vit"), ("direction", "vit"), ("event", "vit"), ("order4", "frames"),
)  # fmt: skip
QUICK: dict[str, Any] = {
    "samples": 288, "steps": 16, "window": (2, 8, 8), "stride": (2, 8, 8), "cells": 4, "regions": Cuboids(8, 4),
    "tolerance": 0.0,
}  # fmt: skip
CALLS, PASSES = 600, 32  # model calls of a method that samples, and samples of one that asks for gradients
FEWEST = 8  # samples, where a sample is an order of all parts
OWN = ("quadtree-occlusion",)  # whose windows have one size along all axes
SLOW = ("extremal-perturbation", "greedy-search", "submodular-search", "exact-shapley", "shapley-interactions")
LINES = {"time": "temporal pointing", "space": "tube energy"}


def options_of(entry: Entry, model: Model, clip: Tensor) -> dict[str, Any]:
    """The quick settings that a method knows; a method of moments keeps its own windows and parts."""
    apart = ("window", "stride", "regions") if entry.name in OWN or 2 not in entry.spaces else ()
    chosen = {name: value for name, value in QUICK.items() if name in entry.options and name not in apart}
    if entry.samples and Capability.GRADIENTS in entry.needs:
        chosen["samples"] = PASSES
    while entry.samples and _calls(entry, chosen, model, clip) > CALLS:  # a sample may be an order of all parts
        chosen["samples"] //= 2
    return chosen


def _calls(entry: Entry, chosen: dict[str, Any], model: Model, clip: Tensor) -> int:
    cost = explainer_of(entry.name, model, options=chosen).cost(clip, model)
    return 0 if cost is None or chosen["samples"] <= FEWEST else cost.calls


def judged(learned: Trained, filmed: Filmed, chosen: Sequence[int], entry: Entry) -> ReportCard:
    """A method before the two metrics of place and time."""
    model = seewhy.adapt(learned.network, preprocess=seewhy.Preprocess.plain())
    clip = filmed.clips[chosen[0]]
    model.meet(tuple(clip.shape))
    return seewhy.report_card(
        model,
        list(filmed.clips[list(chosen)]),
        {entry.name: (entry.name, options_of(entry, model, clip))},
        masks=[filmed.stories[i].truth().mask for i in chosen],
        target=[int(filmed.labels[i]) for i in chosen],
        metrics=["temporal-pointing", "tube"],
        controls=False,
    )


def clips_of(task: str, count: int, learned: Trained) -> tuple[Filmed, list[int]]:
    """Held-out clips that have a cause and that the network calls right."""
    filmed = dataset(task, 2 * count, 1, split="test")
    with torch.inference_mode():
        right = learned.network(filmed.clips).argmax(dim=1) == filmed.labels
    told = [bool(story.truth().frames.any()) for story in filmed.stories]
    return filmed, [i for i in range(2 * count) if right[i] and told[i]][:count]


def cell(card: ReportCard, name: str, line: str) -> str:
    """A mean with its interval (of hits and misses Wilson's), or nothing where no clip has a number."""
    values = card.row(line).values[card.methods.index(name)]
    hits = line == LINES["time"] and bool(np.isin(values[~np.isnan(values)], (0, 1)).all())
    found = wilson(values) if hits else card.interval(name, line)
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]" if found.value == found.value else ""


def rows(task: str, kind: Kind, count: int, folder: Path, names: Sequence[str]) -> Iterator[str]:
    """One line per method: time, space, and processor seconds for each clip."""
    learned = trained(kind, task, folder=folder)
    filmed, chosen = clips_of(task, count, learned)
    yield f"\n{task}, {kind}: accuracy {learned.accuracy:.2f}, {len(chosen)} clips\n"
    yield "| method | time | space | s per clip |\n|---|---|---|---|"
    for entry in load_all().values():
        if 3 not in entry.spaces or entry.name not in (names or {entry.name}) or (not names and entry.name in SLOW):
            continue
        before = time.process_time()
        try:
            card = judged(learned, filmed, chosen, entry)
        except SeewhyError as error:
            yield f"| {entry.name} | | | {error.problem.splitlines()[0]} |"
            continue
        shown = [cell(card, entry.name, line) for line in LINES.values()]
        yield f"| {entry.name} | {' | '.join(shown)} | {(time.process_time() - before) / len(chosen):.2f} |"


def main() -> None:
    """Print a table per rule and network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*")
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--folder", type=Path, default=Path("networks"))
    parser.add_argument("--only", action="append", metavar="RULE:NETWORK")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for task, kind in NETWORKS:
        if given.only and f"{task}:{kind}" not in given.only:
            continue
        for line in rows(task, kind, given.clips, given.folder, given.methods):
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
