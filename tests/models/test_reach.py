"""How far a change reaches, worked out by hand, and rows that reach alike run together."""

import itertools

import numpy as np
import torch
from torch import nn

from seewhy.models.local import alone
from seewhy.models.reach import Reach, fitting, reach
from seewhy.models.tape import Tape
from seewhy.testing.tiny_models import pictures


def of(network, image, bounds):
    return reach(Tape.of(network.eval(), image, alone), torch.tensor(bounds))


def test_sides_are_those_worked_out_by_hand():
    network = nn.Sequential(
        nn.Conv3d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool3d((1, 2, 2)),
        nn.Conv3d(4, 4, 3, stride=(1, 2, 2), padding=1),
        nn.AdaptiveAvgPool3d(1),
        nn.Conv3d(4, 2, 1),
    )
    middle, corner = [[3, 8, 8], [5, 12, 12]], [[0, 0, 0], [2, 4, 4]]
    found = of(network, pictures(1, 3, 8, 32, 32), [middle, corner])
    # middle: 2..5 x 7..12, pooled 3..6, then rows i with 2i-1 <= 6 and 2i+1 >= 3; the last sees all places at once
    assert found.sides[0].tolist() == [[4, 6, 6], [6, 3, 3], [1, 1, 1]]
    # corner: 0..2 x 0..4, pooled 0..2, then 0 and 1
    assert found.sides[1].tolist() == [[3, 5, 5], [4, 2, 2], [1, 1, 1]]
    work = np.array([8 * 32 * 32 * 3 * 4 * 27, 8 * 8 * 8 * 4 * 4 * 27, 4 * 2])
    np.testing.assert_allclose(found.work, work / work.sum())
    share = found.work @ [4 * 6 * 6 / (8 * 32 * 32), 1, 1]  # 6 x 3 x 3 of 8 x 8 x 8 is a tenth
    share += found.work[1] * (6 * 3 * 3 / 8**3 - 1)
    np.testing.assert_allclose(found.share(found.sides[0]), share)


def test_every_row_is_in_one_group_that_fits():
    network = nn.Sequential(nn.Conv2d(3, 4, 5, 2, 2), nn.ReLU(), nn.Conv2d(4, 4, 5, 2, 2), nn.Conv2d(4, 4, 5, 1, 2))
    starts = torch.tensor(list(itertools.product(range(0, 57, 4), repeat=2)))
    found = of(network, pictures(1, 3, 64, 64), torch.stack([starts, starts + 8], dim=1).tolist())
    for most in (1, 8):
        groups = list(found.groups(most))
        assert sorted(torch.cat([group.rows for group in groups]).tolist()) == list(range(len(starts)))
        for group in groups:
            assert len(group.rows) <= fitting(most, group.share)
            np.testing.assert_allclose(found.share(found.sides[group.rows.numpy()].max(axis=0)), group.share)


def test_rows_are_joined_where_that_saves_a_run_and_kept_apart_where_it_costs_more():
    narrow, wide, tall = [[2, 2]], [[2, 8]], [[8, 4]]
    rows = np.array([narrow, wide, narrow, tall, wide])

    def groups(overhead):
        made = Reach(rows, np.array([[16, 16]]), np.ones(1), overhead).groups(64)
        return sorted(sorted(group.rows.tolist()) for group in made)

    assert groups(1e-6) == [[0, 2], [1, 4], [3]]
    # both narrow ones as wide ones: 2 x 12/256 more; as tall ones: 2 x 28/256 more
    assert groups(0.1) == [[0, 1, 2, 4], [3]]
    assert groups(1.0) == [[0, 1, 2, 3, 4]]
