"""Flow stability, against maps that move with a thing, stand still, or flicker."""

import pytest
import torch
from trials import judge, trial

from seewhy.domain.score import Unjudged
from seewhy.metrics.flow_stability import flicker

T, SIDE, SIZE = 6, 32, 12


def scores(map, image):
    return {line: score.value for line, score in judge("flow-stability", trial(map, image=image)).items()}


def crossing(step=2):
    """A textured square that crosses a textured ground, and where it is."""
    random = torch.Generator().manual_seed(0)
    ground, thing = (torch.rand(3, side // 2, side // 2, generator=random) for side in (SIDE, SIZE))
    ground, thing = (
        torch.nn.functional.interpolate(x[None], scale_factor=2, mode="bilinear")[0] for x in (ground, thing)
    )
    clip, where = ground[:, None].repeat(1, T, 1, 1), torch.zeros(T, SIDE, SIDE)
    for t in range(T):
        at = 4 + step * t
        clip[:, t, 10 : 10 + SIZE, at : at + SIZE] = thing
        where[t, 13:19, at + 3 : at + 9] = 1.0  # inside of it, so that its border does not matter
    return clip, where


def test_a_map_that_moves_with_the_thing_is_steady_and_one_that_stands_still_is_not():
    clip, where = crossing()
    along, still = scores(where, clip), scores(where[[2]].expand(T, -1, -1), clip)
    assert along["flicker along motion"] < 0.1
    assert along["flicker in place"] == pytest.approx(1 / 3, abs=0.05)  # 2 of 6 columns leave, 2 come, of 12 in all
    assert still["flicker in place"] == 0
    assert still["flicker along motion"] > 0.25


def test_what_stands_still_is_judged_exactly():
    clip = crossing(step=0)[0]
    map = torch.zeros(T, SIDE, SIDE)
    map[:, 4:8, 4:8] = 1.0
    assert scores(map, clip) == {"flicker along motion": 0.0, "flicker in place": 0.0, "followed": 1.0}
    map[1::2] = 0.0  # there and gone
    assert scores(map, clip)["flicker along motion"] == pytest.approx(1, abs=1e-6)
    map[1::2, 4:8, 4:8] = 0.5
    assert scores(map, clip)["flicker along motion"] == pytest.approx(0.5 / 1.5, abs=1e-6)


def test_only_places_that_are_followed_count():
    now, later, known = torch.tensor([[[3.0, 1.0]]]), torch.tensor([[[1.0, 9.0]]]), torch.tensor([[[True, False]]])
    assert flicker(now, later, known).value == pytest.approx(2 / 4)
    assert flicker(now, later, ~known).value == pytest.approx(8 / 10)
    assert "no map" in flicker(now * 0, later * 0, known).why


def test_one_frame_has_no_next_one():
    with pytest.raises(Unjudged, match="one frame"):
        judge("flow-stability", trial(torch.rand(1, 8, 8), image=torch.rand(3, 1, 8, 8)))
