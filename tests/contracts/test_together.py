"""Several methods at once, and thousands of runs."""

import pytest

from seewhy.registry import load_all
from seewhy.testing.asking import NETWORKS, Case, cases_of, step_of
from seewhy.testing.tiny_models import tiny_vit
from seewhy.testing.together import check_memory, check_together

ENTRIES = list(load_all().values())
SMALL = Case("vit", lambda: tiny_vit((12, 12)), (3, 12, 12))


@pytest.mark.parametrize("case", [case for case in NETWORKS if not case.only], ids=str)
def test_methods_together_give_what_they_give_alone_with_fewer_calls(case):
    check_together([entry for entry in ENTRIES if case in cases_of(entry, [case])], case)


def cheapest_of_each_family():
    """One method per way through the engines."""
    model = SMALL.model()
    able = [entry for entry in ENTRIES if 2 in entry.spaces]
    cost = {entry.name: step_of(entry, 2).cost(SMALL.images(1)[0], model).calls for entry in able}
    return [min((e for e in able if e.family == f), key=lambda e: cost[e.name]) for f in {e.family for e in able}]


@pytest.mark.slow
def test_memory_is_flat_over_two_thousand_calls():
    check_memory(cheapest_of_each_family(), SMALL, calls=2000)
