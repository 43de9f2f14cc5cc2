"""The search for few parts whose removal flips a decision, on games with known answers."""

import itertools
import math

import pytest
import torch

from seewhy.engine.fewest import fewest, fewest_calls


class Counted:
    """Margins of what is left, one row at a time, and how many were asked about."""

    def __init__(self, margin):
        self.margin, self.asked = margin, 0

    def __call__(self, present):
        self.asked += len(present)
        return torch.tensor([float(self.margin(row.tolist())) for row in present])


def found(parts, margin, most=None):
    asked = Counted(margin)
    gone = fewest(parts, asked, most)
    assert asked.asked <= fewest_calls(parts)
    return None if gone is None else gone.nonzero()[:, 0].tolist()


def test_one_part_is_enough_where_one_decides():
    assert found(8, lambda left: 1 if left[5] else -1) == [5]


def test_of_several_that_flip_it_alone_the_strongest_is_taken():
    assert found(4, lambda left: 1 - 2 * (not left[1]) - 3 * (not left[2])) == [2]


def test_a_sum_of_parts_loses_its_largest_ones():
    weights = [1, 5, 2, 8, 3, 1, 1, 1]
    margin = lambda left: sum(w for w, here in zip(weights, left, strict=True) if here) - 9.5  # noqa: E731
    assert found(8, margin) == [1, 3]  # 22 - 13 = 9


def test_parts_that_turn_out_not_to_be_needed_are_given_back():
    # each of 0 and 1 hurts a little alone, but only 2 and 3 together flip it
    margin = lambda left: -1 if not (left[2] or left[3]) else 10 - 3 * (not left[0]) - 2 * (not left[1])  # noqa: E731
    assert found(6, margin) == [2, 3]


def test_where_nothing_flips_it_nothing_is_found():
    assert found(8, lambda left: 1) is None
    assert found(1, lambda left: 1) is None
    assert found(8, lambda left: sum(left) - 0.5, most=7) is None  # the last part alone keeps it


@pytest.mark.parametrize("parts", [2, 3, 5, 8])
def test_what_is_found_flips_it_and_each_part_of_it_is_needed(parts):
    generator = torch.Generator().manual_seed(parts)
    for _ in range(30):
        weights = torch.randn(parts, generator=generator)
        bar = float(torch.randn(1, generator=generator))
        margin = lambda left, w=weights, b=bar: float((w * torch.tensor(left)).sum()) - b  # noqa: E731
        if margin([True] * parts) <= 0:
            continue
        gone = found(parts, margin)
        if gone is not None:
            assert margin([i not in gone for i in range(parts)]) < 0
            for spared in gone:
                assert len(gone) == 1 or margin([i not in gone or i == spared for i in range(parts)]) >= 0
        else:  # for sums the order of single effects is right, so only removing everything that hurts could help
            best = min(margin([bool(b) for b in bits]) for bits in itertools.product((0, 1), repeat=parts))
            assert best >= 0 or best < margin([False] * parts)


def test_the_bound_on_questions_is_linear():
    assert fewest_calls(16) == 2 * 16 + 4 + 1
    assert fewest_calls(1) == 2 + math.ceil(math.log2(2)) + 1
