"""When sampling stops, and that it says why."""

import pytest
import torch
from games import TableGame, random_table

from seewhy.engine.control import Control
from seewhy.engine.estimate import Estimate
from seewhy.engine.sampling import FEWEST, sample
from seewhy.errors import BadOption, BudgetTooSmall, Cancelled


class Drawn:
    """Counts units; the half-width falls like one over their root."""

    def __init__(self, control=None, calls=2):
        self.count, self.control, self.calls = 0, control or Control(), calls

    def draw(self, units):
        self.count += units
        if self.control.allowance is not None:
            self.control.allowance -= units * self.calls

    def estimate(self):
        width = torch.full((2,), self.count**-0.5)
        return Estimate(torch.tensor([0.0, 1.0]), width / 2, width)

    def run(self, units=1000, tolerance=0.0, **how):
        return sample(
            self.control, self.draw, self.estimate, units=units, calls=self.calls, unit="pairs",
            tolerance=tolerance, **how,
        )[1]  # fmt: skip


def test_it_stops_as_soon_as_the_band_is_narrow_enough():
    found = Drawn().run(tolerance=0.1)
    assert (found.stop, found.converged) == ("converged", True)
    assert 100 <= found.drawn < 120
    assert found.halfwidth <= 0.1


def test_it_never_stops_before_enough_units_for_an_error_bar():
    assert Drawn().run(tolerance=10.0).drawn >= FEWEST


def test_it_stops_when_all_samples_are_drawn():
    found = Drawn().run(units=50)
    assert (found.stop, found.drawn, found.converged) == ("samples", 50, False)


def test_it_stops_within_the_budget():
    control = Control(share=61)
    control.start()
    found = Drawn(control).run()
    assert (found.stop, found.drawn) == ("budget", 30)
    assert control.allowance == 1


def test_a_budget_for_too_few_units_is_refused_with_the_number_that_is_missing():
    control = Control(share=7)
    control.start()
    with pytest.raises(BudgetTooSmall, match="at least 4 model calls"):
        Drawn(control).run(least=5)


def test_fewer_samples_than_needed_are_refused():
    with pytest.raises(BadOption, match="too few"):
        Drawn().run(units=3, least=5)


def test_it_stops_when_it_is_cancelled_and_keeps_what_it_has():
    drawn = Drawn()
    step = drawn.draw

    def draw(units):
        step(units)
        if drawn.count >= 48:
            raise KeyboardInterrupt

    drawn.draw = draw
    found = drawn.run()
    assert (found.stop, found.drawn) == ("cancelled", 32)
    assert drawn.control.cancelled


def test_cancelling_before_anything_can_be_said_is_an_error():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        Drawn(control).run(least=50)


def test_a_small_game_is_played_out_instead_of_sampled():
    game = TableGame(random_table(4))
    found, exact = game.ask("kernel-shap", samples=64), game.ask("exact-shapley")
    assert torch.equal(found.values, exact.values)
    assert not found.stderr.any()
