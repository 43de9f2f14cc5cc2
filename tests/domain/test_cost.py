"""Cost in model calls, and what is told before and after a run."""

import seewhy
from seewhy.domain.cost import Cost
from seewhy.testing.tiny_models import pictures, plain_function, tiny_cnn


def test_costs_add_up():
    assert Cost(1, 2) + Cost(3) == Cost(4, 2)
    assert Cost(1, 2) * 3 == Cost(3, 6)
    assert Cost(4, 2).minus(Cost(1, 2)) == Cost(3)
    assert Cost(4, 2).calls == 6


def test_a_cost_is_told_in_words():
    assert str(Cost(1, 2)) == "1 forward + 2 backwards"
    assert str(Cost()) == "no model call"


def test_the_cost_that_is_told_before_is_the_cost_that_is_paid():
    image, how = pictures(1, 3, 24, 24)[0], {"method": "occlusion", "window": 8, "stride": 8}
    told, paid = seewhy.cost(plain_function, image, **how), seewhy.explain(plain_function, image, **how).cost
    assert told.methods == {"occlusion": paid}
    assert told.total == paid


def test_nothing_runs_when_only_the_cost_is_asked():
    asked = []

    def model(images):
        asked.append(len(images))
        return plain_function(images)

    bill = seewhy.cost(model, pictures(2, 3, 24, 24), method=["rise", "lime"], samples=100)
    assert not asked
    assert bill.inputs == 2
    assert bill.total == (bill.methods["rise"] + bill.methods["lime"]) * 2


def test_fills_that_are_averaged_multiply_the_cost():
    image, options = pictures(1, 3, 24, 24)[0], {"method": "occlusion", "window": 8, "stride": 8}
    noisy = seewhy.explain(tiny_cnn(), image, baseline="noise:3", checks="quick", **options)
    assert noisy.cost == seewhy.cost(tiny_cnn(), image, baseline="noise:3", **options).total == Cost(1 + 3 * 10)
