"""Faults planted on purpose, one at a time: each makes the contract that guards against it fail."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from seewhy.domain.capability import Capability
from seewhy.domain.cost import Cost
from seewhy.domain.evidence import Evidence
from seewhy.models.torch_module import TorchModel
from seewhy.registry import Entry
from seewhy.testing import contracts, promises, together
from seewhy.testing.asking import Case
from seewhy.testing.tiny_models import tiny_cnn

CASE = Case("cnn", tiny_cnn, (3, 24, 24))


def entry(function, **facts):
    """An unregistered method that only looks at gradients, unless other facts are declared."""
    declared = Entry(
        "faulty", function, "gradient", Capability.SCORES | Capability.GRADIENTS, "none", lambda ask: Cost(1, 1),
        "nothing", (), frozenset(), True, False, frozenset({"input"}), (2,), "logit",
    )  # fmt: skip
    return replace(declared, **facts)


def honest(probe) -> Evidence:
    return Evidence(probe.gradients().sum(dim=1))


def caught(check, faulty, case=CASE, *, saying=None, **how):
    with pytest.raises(AssertionError, match=saying):
        check(faulty, case, **how)


def test_an_honest_method_passes_every_contract():
    contracts.check_method(entry(honest))


def test_a_hook_left_behind_is_caught():
    def leaky(probe) -> Evidence:
        probe.model.module.register_forward_hook(lambda *_: None)
        return honest(probe)

    caught(contracts.check_leaves_as_found, entry(leaky), saying="hooks of the network")


def test_a_global_hook_left_behind_is_caught():
    handles = []

    def leaky(probe) -> Evidence:
        handles.append(torch.nn.modules.module.register_module_forward_hook(lambda *_: None))
        return honest(probe)

    try:
        caught(contracts.check_leaves_as_found, entry(leaky), saying="global hooks")
    finally:
        [handle.remove() for handle in handles]


class Careless(TorchModel):
    """Switches the network to evaluation and never back."""

    @contextmanager
    def borrowed(self):
        self.module.eval()
        yield


class Freezing(TorchModel):
    """Freezes the weights and never thaws them."""

    @contextmanager
    def borrowed(self):
        with super().borrowed():
            yield
        self.module.requires_grad_(False)


class Hasty(TorchModel):
    """Restores the modes, but not when something raises half-way."""

    @contextmanager
    def borrowed(self):
        modes = [(part, part.training) for part in self.module.modules()]
        self.module.eval()
        yield
        for part, mode in modes:
            part.training = mode


def asked_through(kind, monkeypatch):
    """Every contract adapts its networks through this kind of model."""
    for module in ("contracts", "asking", "promises"):
        monkeypatch.setattr(
            f"seewhy.testing.{module}.adapt", lambda t: kind(t) if isinstance(t, torch.nn.Module) else t
        )


def test_a_training_flag_that_is_not_restored_is_caught(monkeypatch):
    asked_through(Careless, monkeypatch)
    caught(contracts.check_leaves_as_found, entry(honest), saying="training flag")


def test_weights_left_frozen_are_caught(monkeypatch):
    asked_through(Freezing, monkeypatch)
    caught(contracts.check_leaves_as_found, entry(honest), saying="requires_grad")


def test_a_flag_that_is_restored_only_without_errors_is_caught(monkeypatch):
    asked_through(Hasty, monkeypatch)
    contracts.check_leaves_as_found(entry(honest), CASE)
    caught(contracts.check_leaves_as_found, entry(honest), at=1, saying="training flag")


def test_a_dropped_gradient_of_the_owner_is_caught():
    def dropping(probe) -> Evidence:
        probe.model.module.zero_grad()
        return honest(probe)

    caught(contracts.check_leaves_as_found, entry(dropping), saying=".grad of")


def test_a_weight_written_to_is_caught():
    def writing(probe) -> Evidence:
        with torch.no_grad():
            next(probe.model.module.parameters()).mul_(1.001)
        return honest(probe)

    caught(contracts.check_leaves_as_found, entry(writing), saying="value of")


def test_global_modes_left_changed_are_caught():
    def switching(probe) -> Evidence:
        torch.use_deterministic_algorithms(True)
        return honest(probe)

    try:
        caught(contracts.check_leaves_as_found, entry(switching), saying="global modes")
    finally:
        torch.use_deterministic_algorithms(False)


def test_a_cost_that_is_off_by_one_is_caught():
    caught(contracts.check_cost, entry(honest, cost=lambda ask: Cost(2, 1)), saying="declares")


def test_calls_past_the_meter_are_caught():
    def smuggling(probe) -> Evidence:
        probe.model(probe.images)
        return honest(probe)

    caught(contracts.check_cost, entry(smuggling), saying="the network saw")


def test_random_numbers_from_the_global_stream_are_caught():
    def rolling(probe) -> Evidence:
        return Evidence(honest(probe).values + torch.rand(()))

    with torch.random.fork_rng(devices=[]):
        caught(contracts.check_seed, entry(rolling), saying="more than its seed")


def test_numpy_noise_from_the_global_stream_is_caught():
    def rolling(probe) -> Evidence:
        return Evidence(honest(probe).values + float(np.random.rand()))

    state = np.random.get_state()
    try:
        caught(contracts.check_seed, entry(rolling), saying="more than its seed")
        caught(contracts.check_leaves_as_found, entry(rolling), saying="global random state")
    finally:
        np.random.set_state(state)


def test_seeding_the_global_stream_is_caught():
    def seeding(probe, *, seed: int = 0) -> Evidence:
        torch.manual_seed(seed)
        return Evidence(honest(probe).values + torch.rand(()))

    with torch.random.fork_rng(devices=[]):
        caught(contracts.check_leaves_as_found, entry(seeding), saying="global random state")


def test_an_ignored_seed_is_caught():
    def stubborn(probe, *, seed: int = 0) -> Evidence:
        return honest(probe)

    caught(contracts.check_seed, entry(stubborn), saying="ignores its seed")


def test_noise_drawn_per_batch_is_caught():
    def per_batch(probe, *, seed: int = 0) -> Evidence:
        maps = honest(probe).values
        return Evidence(maps + torch.randn(maps.shape, generator=torch.Generator().manual_seed(seed)))

    caught(contracts.check_batch, entry(per_batch), saying="alone")


def test_scaling_by_the_batch_is_caught():
    def normalising(probe) -> Evidence:
        maps = honest(probe).values
        return Evidence(maps / maps.abs().max())

    caught(contracts.check_batch, entry(normalising), saying="alone")


def test_writing_into_the_images_is_caught():
    def writing(probe) -> Evidence:
        probe.images.mul_(0.5)
        return honest(probe)

    caught(contracts.check_images_untouched, entry(writing), saying="writes into the images")


def test_a_result_that_depends_on_the_chunk_size_is_caught():
    def chunky(probe) -> Evidence:
        return Evidence(honest(probe).values * probe.chunks.backward)

    caught(contracts.check_chunks, entry(chunky), most=3, saying="chunk sizes")


def test_an_overspent_budget_is_caught():
    def spending(probe, *, samples: int = 10) -> Evidence:
        probe.outputs(probe.images.repeat(samples, 1, 1, 1))
        return honest(probe)

    faulty = entry(spending, samples=True, cost=lambda ask: Cost(1 + ask["samples"], 1))
    caught(promises.check_budget, faulty, saying="spent")


def test_negative_values_in_an_unsigned_map_are_caught():
    caught(contracts.check_values, entry(honest, signed=False), saying="unsigned")


def test_values_that_are_not_numbers_are_caught():
    def broken(probe) -> Evidence:
        return Evidence(honest(probe).values / 0)

    caught(contracts.check_values, entry(broken))


def test_an_option_that_cannot_be_written_down_is_caught():
    def odd(probe, *, window: complex = 1j) -> Evidence:
        return honest(probe)

    with pytest.raises(AssertionError, match="cannot be written down"):
        contracts.check_options(entry(odd))


@pytest.mark.parametrize(
    ("axiom", "how"),
    [
        ("complete", lambda probe: probe.gradients().sum(dim=1)),
        ("dummy", lambda probe: probe.gradients().sum(dim=1) + 0.01),
        ("linear", lambda probe: probe.gradients().sum(dim=1).square()),
        ("class-specific", lambda probe: probe.images.sum(dim=1)),
    ],
)
def test_an_axiom_that_does_not_hold_is_caught(axiom, how):
    from seewhy.domain.baseline import Baseline, Colour

    def claiming(probe, *, baseline: Baseline = Colour(0.0)) -> Evidence:
        return Evidence(how(probe))

    with pytest.raises(AssertionError):
        promises.AXIOMS[axiom](entry(claiming, axioms=frozenset({axiom})), CASE)


def test_what_piles_up_is_caught():
    heap = []

    def hoarding(probe) -> Evidence:
        heap.append({"kept": [probe]})
        return honest(probe)

    with pytest.raises(AssertionError, match="stay behind"):
        together.check_memory([entry(hoarding)], CASE, calls=40)


def test_a_method_that_is_changed_by_its_company_is_caught():
    def reusing(probe) -> Evidence:
        seen = getattr(probe.control, "maps", 0)
        probe.control.maps = seen + 1
        return Evidence(honest(probe).values + seen)

    with pytest.raises(AssertionError, match="together"):
        together.check_together([entry(honest), entry(reusing), entry(reusing, name="again")], CASE)
