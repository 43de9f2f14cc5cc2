"""Greedy search: the order of parts in which the fewest of them say the most."""

from __future__ import annotations

import torch
from torch import Tensor

from .game import Game


def greedy(game: Game) -> tuple[Tensor, Tensor]:
    """The parts in the order of choice, and what each added to v(S) - v(rest), halved so that all sum to v(all) - v().

    Every candidate is asked about in every round: lazy bounds would need submodularity.
    """
    chosen = torch.zeros(game.players, dtype=torch.bool)
    worth, order, gains = _worth(game, chosen[None])[0], [], torch.zeros(game.players)
    while not bool(chosen.all()):
        candidates = (~chosen).nonzero()[:, 0]
        worths = _worth(game, chosen | torch.eye(game.players, dtype=torch.bool)[candidates])
        best = int(worths.argmax())
        chosen = chosen.index_fill(0, candidates[best], True)
        order.append(int(candidates[best]))
        gains[candidates[best]] = (worths[best] - worth) / 2
        worth = worths[best]
    return torch.tensor(order), gains.to(game.image.device)


def _worth(game: Game, coalitions: Tensor) -> Tensor:
    """Consistency, the score of these regions alone, less that of all others: collaboration, but for a constant."""
    both = torch.cat([coalitions, ~coalitions])
    full, none = both.all(dim=1), ~both.any(dim=1)
    asked = ~(full | none)
    scores = torch.where(full.to(game.image.device), game.whole(), game.empty)
    if bool(asked.any()):
        scores = scores.masked_scatter(asked.to(scores.device), game.values(both[asked]))
    here, rest = scores.float().cpu().chunk(2)
    return here - rest
