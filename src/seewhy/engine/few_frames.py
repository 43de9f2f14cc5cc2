"""The few frames that suffice and the few whose loss hurts: a greedy order, and the score along it both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from ..domain.edits import cut
from ..domain.shapes import Scores
from ..domain.time_fills import Frozen
from .edited import scored
from .probe import Probe

Ask = Callable[[Bool[Tensor, "n t"]], Scores]


def with_frames(probe: Probe, kept: Bool[Tensor, "n t"]) -> Scores:
    """Scores of the clip with only these frames; each other one shows the nearest of them."""
    return scored(probe, (cut(probe.images[0], one, Frozen()) for one in kept))


def greedy_order(stills: Scores, ask: Ask, rounds: int, enough: float) -> tuple[list[int], list[float]]:
    """Frames, the most useful first, and the score with the first 1, 2, … that were searched for.

    The first is the best still; each round adds the one that helps most, until enough is reached. The others follow in
    the order of the last round.
    """
    chosen, reached, last = [int(stills.argmax())], [float(stills.max())], stills.cpu()
    count = len(stills)
    while len(chosen) < min(rounds, count - 1) and reached[-1] < enough:
        rest = [frame for frame in range(count) if frame not in chosen]
        scores = ask(torch.stack([only([*chosen, frame], count) for frame in rest]))
        last = torch.full((count,), -torch.inf).index_put((torch.tensor(rest),), scores.float().cpu())
        chosen.append(rest[int(scores.argmax())])
        reached.append(float(scores.max()))
    rest = [frame for frame in last.argsort(descending=True, stable=True).tolist() if frame not in chosen]
    return [*chosen, *rest], reached


def calls(frames: int, rounds: int) -> int:
    """The most that order and curves ask for beyond the stills and the whole."""
    searched = min(rounds, frames - 1)
    return sum(frames - i for i in range(1, searched)) + (frames - 1 - searched) + (frames - 2)


def along(order: Sequence[int], reached: list[float], whole: float, ask: Ask) -> tuple[list[float], list[float]]:
    """The score with only the first k frames, k = 1 … t, and without the first k, k = 0 … t - 1."""
    count = len(order)
    lengths = range(len(reached) + 1, count)
    kept = [*reached, *_asked(ask, (only(order[:k], count) for k in lengths)), whole]
    return kept, [whole, *_asked(ask, (only(order[k:], count) for k in range(1, count)))]


def _asked(ask: Ask, rows: Iterator[Tensor]) -> list[float]:
    some = list(rows)
    found: list[float] = ask(torch.stack(some)).tolist() if some else []
    return found


def only(frames: Sequence[int], count: int) -> Bool[Tensor, " t"]:
    """These frames, of so many."""
    kept = torch.zeros(count, dtype=torch.bool)
    kept[list(frames)] = True
    return kept
