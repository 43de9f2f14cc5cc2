"""Every registered method keeps every contract, on every small network that can serve it. No method is named here."""

import pytest

from seewhy.provable.claims import CLAIMS
from seewhy.registry import load_all
from seewhy.testing import contracts, promises
from seewhy.testing.asking import CASES, NETWORKS, ask, assert_close, cases_of
from seewhy.testing.wrappers import Opaque

ENTRIES = list(load_all().values())


def pairs(cases=CASES, wanted=lambda entry: True):
    """Test parameters: each method with each case that serves it."""
    return [
        pytest.param(entry, case, id=f"{entry.name}-{case}")
        for entry in ENTRIES
        if wanted(entry)
        for case in cases_of(entry, cases)
    ]


def declaring(axiom):
    return pytest.mark.parametrize(("entry", "case"), pairs(NETWORKS, lambda entry: axiom in entry.axioms))


on_everything = pytest.mark.parametrize(("entry", "case"), pairs())
on_networks = pytest.mark.parametrize(("entry", "case"), pairs(NETWORKS))
on_each_method = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
sampling = pytest.mark.parametrize(("entry", "case"), pairs(CASES, lambda entry: entry.samples))


@on_each_method
def test_a_method_serves_the_spaces_that_it_declares(entry):
    assert {case.axes for case in cases_of(entry)} == set(entry.spaces)


@on_everything
def test_values_are_finite_and_keep_the_declared_sign(entry, case):
    contracts.check_values(entry, case)


@on_everything
def test_the_same_seed_gives_the_same_bits_and_another_seed_another_map(entry, case):
    contracts.check_seed(entry, case)


@on_everything
def test_a_batch_is_explained_as_its_items_alone(entry, case):
    contracts.check_batch(entry, case)


@on_networks
def test_the_declared_cost_is_the_measured_cost(entry, case):
    contracts.check_cost(entry, case)


@on_networks
@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_the_model_and_the_world_are_left_as_found(entry, case, at, error):
    contracts.check_leaves_as_found(entry, case, at=at, error=error)


@on_everything
def test_nothing_is_written_into_the_images(entry, case):
    contracts.check_images_untouched(entry, case)


@on_networks
def test_the_map_does_not_depend_on_the_size_of_model_calls(entry, case):
    contracts.check_chunks(entry, case, 3)


@on_networks
def test_every_backend_gives_the_map_of_the_plain_model(entry, case):
    contracts.check_backend(entry, case)


@on_everything
def test_options_survive_json(entry, case):
    contracts.check_json(entry, case)


@on_networks
def test_bfloat16_agrees_with_float32(entry, case):
    contracts.check_precision(entry, case)


@on_everything
def test_the_budget_is_never_exceeded(entry, case):
    promises.check_budget(entry, case)


@sampling
def test_cancelling_keeps_what_was_computed(entry, case):
    promises.check_cancelling(entry, case)


@on_each_method
def test_a_run_that_was_cancelled_before_it_began_is_an_error_by_name(entry):
    promises.check_cancelled_before(entry, cases_of(entry)[0])


@declaring("complete")
def test_the_values_of_complete_methods_sum_to_the_difference_of_scores(entry, case):
    promises.check_complete(entry, case)


@declaring("dummy")
def test_what_the_model_cannot_see_gets_nothing(entry, case):
    promises.check_dummy(entry, case)


@declaring("linear")
def test_the_map_of_a_sum_is_the_sum_of_the_maps(entry, case):
    promises.check_linear(entry, case)


@declaring("class-specific")
def test_maps_of_two_classes_differ(entry, case):
    promises.check_class_specific(entry, case)


@on_each_method
def test_every_declared_axiom_is_one_that_is_tested(entry):
    assert entry.axioms <= {*promises.AXIOMS, *CLAIMS}


@pytest.mark.parametrize(
    ("entry", "case"), pairs(NETWORKS, lambda entry: entry.needs.names() == ["scores"] and entry.family != "control")
)
def test_score_only_methods_need_neither_a_network_nor_gradients(entry, case):
    module, images = case.build(), case.images(1)
    (expected,) = ask(entry, module, images)
    for thing in (lambda batch: module(batch), Opaque(case.build())):
        (found,) = ask(entry, thing, images)
        assert_close(found.values, expected.values, 1e-6, beside=expected.target.score)
