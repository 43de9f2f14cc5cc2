"""When sampling stops, and that it says why."""

import pytest
import torch
from games import TableGame, random_table

import seewhy
from seewhy.domain.tolerance import Anytime
from seewhy.engine.control import Control
from seewhy.engine.estimate import Estimate
from seewhy.engine.sampling import FEWEST, sample
from seewhy.errors import BadOption, BudgetTooSmall, Cancelled
from seewhy.inputs.preprocess import Preprocess
from seewhy.stats.bands import bonferroni
from seewhy.testing.tiny_models import pictures, tiny_cnn


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


def test_a_band_for_all_looks_is_wider_so_sampling_goes_on_for_longer_and_says_so():
    once, always = Drawn().run(tolerance=0.1), Drawn().run(tolerance=Anytime(0.1))
    assert (once.anytime, always.anytime) == (False, True)
    assert 1.4 * once.drawn < always.drawn < 3 * once.drawn
    assert always.stop == "converged"
    assert always.halfwidth <= always.tolerance == 0.1


class Looked:
    """Means of five noises around zero, and whether the bands held at all looks."""

    def __init__(self, seed):
        self.generator, self.units, self.held = torch.Generator().manual_seed(seed), torch.zeros(0, 5), []

    def draw(self, count):
        self.units = torch.cat([self.units, torch.randn(count, 5, generator=self.generator)])

    def estimate(self):
        stderr = self.units.std(dim=0) / len(self.units) ** 0.5
        return Estimate(self.units.mean(dim=0), stderr, bonferroni(5, len(self.units) - 1) * stderr)

    def always_held(self, anytime):
        """Every look of sampling that never gets narrow enough."""
        for _ in range(25):
            self.draw(32)
            found = self.estimate()
            found = found.at_all_times(len(self.units), tuned=200) if anytime else found
            self.held.append(bool((found.values.abs() <= found.band).all()))
        return all(self.held)


def test_one_band_for_all_looks_holds_at_all_of_them_and_a_plain_one_does_not():
    plain, anytime = (sum(Looked(seed).always_held(anytime) for seed in range(100)) for anytime in (False, True))
    assert plain <= 85
    assert anytime >= 94


def test_anytime_is_a_value_of_tolerance_that_is_kept_and_told():
    (found,) = seewhy.explain(
        tiny_cnn(), [pictures(1, 3, 12, 12)[0]], method="rise", samples=200, cells=3, tolerance="anytime:0.4",
        target=1, preprocess=Preprocess.plain(),
    )  # fmt: skip
    plain = seewhy.explain(
        tiny_cnn(), pictures(1, 3, 12, 12)[0], method="rise", samples=found.sampling.drawn, cells=3, tolerance=0.0,
        target=1, preprocess=Preprocess.plain(),
    )  # fmt: skip
    assert found.origin.options["tolerance"] == {"kind": "anytime", "halfwidth": 0.4}
    assert found.sampling.anytime
    assert any("holds at every look" in check.message for check in found.checks if check.name == "convergence")
    assert (found.values == plain.values).all()
    assert (found.band > plain.band).all()
