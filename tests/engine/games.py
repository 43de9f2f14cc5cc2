"""A game as a model: one pixel per player, and a table of what each coalition is worth."""

import torch

from seewhy.domain.baseline import Colour
from seewhy.domain.regions import Grid
from seewhy.domain.target import Target
from seewhy.engine.answers import Answers
from seewhy.engine.coalitions import everyone
from seewhy.engine.probe import Probe
from seewhy.models.function import FunctionModel
from seewhy.registry import load_all

OFF = Colour(0.0)


def random_table(players: int, seed: int = 0) -> torch.Tensor:
    """Worth of every coalition: additive, pairwise and wild parts."""
    generator = torch.Generator().manual_seed(seed)
    rows = everyone(players).float()
    pairs = torch.randn(players, players, generator=generator) * 0.3
    wild = torch.randn(len(rows), generator=generator) * 0.3
    return rows @ torch.randn(players, generator=generator) + ((rows @ pairs) * rows).sum(dim=1) + wild


class TableGame:
    """Methods asked about a table of worths; answers are remembered from run to run, as they are the same."""

    def __init__(self, table: torch.Tensor) -> None:
        self.table, self.players = table, len(table).bit_length() - 1
        self.asked, self.answers = 0, Answers()
        self.model = FunctionModel(self._worth, name="table")

    def _worth(self, images: torch.Tensor) -> torch.Tensor:
        self.asked += len(images)
        powers = 2 ** torch.arange(self.players - 1, -1, -1)
        return self.table[(images[:, 0, 0] > 0.5).long() @ powers][:, None]

    def probe(self) -> Probe:
        image = torch.ones(1, 1, 1, self.players)
        return Probe(self.model, image, [Target(0, "worth")], answers=self.answers)

    def ask(self, method: str, **options):
        """The method's one number per player, and its error bars."""
        game = {"regions": Grid(self.players), "baseline": OFF}
        function = load_all()[method].function
        return function(self.probe(), **{**game, **options}).parts[0]
