"""Metrics of place and removal that ask for another map: ADCC and the grid pointing game."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from judged import BLACK, calls_of, judge, probe_of, random_case, trial
from torch import nn

from seewhy.domain.baseline import Colour
from seewhy.domain.score import Unjudged
from seewhy.domain.target import Target
from seewhy.engine.probe import Probe
from seewhy.engine.trial import Trial
from seewhy.errors import BadOption
from seewhy.models.adapt import adapt
from seewhy.run.explainers import explainer_of

IMAGE, MAP, MODEL = random_case()
MEAN = Colour((0.485, 0.456, 0.406))


class Again:
    """Whoever made the map, who remembers what was asked."""

    def __init__(self, answer) -> None:
        self.answer, self.asked = answer, []

    def __call__(self, model, images, targets: Sequence, *, seed: int):
        self.asked.append((images, targets, seed))
        return self.answer(images)


# -- ADCC


@pytest.mark.parametrize(("fill", "colour"), [("black", BLACK), ("colour", MEAN)])
def test_adcc_is_the_harmonic_mean_of_its_parts_as_published(fill: str, colour: Colour) -> None:
    again = Again(lambda images: images.mean(dim=1))
    found = judge("adcc", trial(MAP, MODEL, IMAGE, fill=MEAN, again=again, seed=5), fill=fill)
    light = (MAP - MAP.min()) / (MAP.max() - MAP.min())
    back = colour.fill(IMAGE)[0]
    lit = back + light * (IMAGE - back)
    before, after = (float(MODEL(image[None]).softmax(dim=1)[0, 0]) for image in (IMAGE, lit))
    drop, complexity = max(0, before - after) / before, float(light.mean())
    coherency = (1 + np.corrcoef(light.flatten(), lit.mean(dim=0).flatten())[0, 1]) / 2
    harmonic = 3 / (1 / coherency + 1 / (1 - complexity) + 1 / (1 - drop))
    assert [score.value for score in found.values()] == pytest.approx([harmonic, drop, coherency, complexity], abs=1e-5)
    ((images, targets, seed),) = again.asked
    torch.testing.assert_close(images[0], lit)
    assert (targets[0].index, seed) == (0, 5)


def test_adcc_is_zero_when_one_part_is() -> None:
    point = torch.zeros(8, 8)
    point[0, 0] = 1.0
    opposite = Again(lambda images: -point[None])
    found = judge("adcc", trial(point, MODEL, IMAGE, again=opposite))
    assert found["ADCC, coherency"].value == pytest.approx(0.0, abs=1e-7)
    assert found["ADCC"].value == pytest.approx(0.0, abs=1e-6)


def test_adcc_needs_whoever_made_the_map_and_asks_the_model_once() -> None:
    with pytest.raises(Unjudged, match="without whoever makes them"):
        judge("adcc", trial(MAP, MODEL, IMAGE))
    assert calls_of("adcc", trial(MAP, MODEL, IMAGE, again=Again(lambda images: images.mean(dim=1)))) == 1
    with pytest.raises(Unjudged, match="same everywhere"):
        judge("adcc", trial(MAP, MODEL, IMAGE, again=Again(lambda images: torch.ones(1, 8, 8))))


# -- grid pointing: class k is how bright colour k is; an image of class k shows that colour only

COLOURS = torch.eye(5)[:, :, None, None].expand(5, 5, 6, 6)


def brightest(images: torch.Tensor) -> torch.Tensor:
    return 200 * images.flatten(2).mean(dim=2)


def grid(again: Again, own: int = 0, others=COLOURS, seed: int = 0, **options) -> dict[str, float]:
    given = trial(torch.rand(6, 6), brightest, COLOURS[own], again=again, others=probe_of(brightest, others), seed=seed)
    given = type(given)(**{**vars_of(given), "probe": probe_of(brightest, COLOURS[own : own + 1], own)})
    return {name: score.value for name, score in judge("grid-pointing", given, **options).items()}


def vars_of(given) -> dict:
    return {name: getattr(given, name) for name in given.__dataclass_fields__}


@pytest.mark.parametrize(("size", "side"), [("whole", 12), ("shrunk", 6)])
@pytest.mark.parametrize("seed", range(4))
def test_who_sees_the_class_points_into_its_cell_and_who_sees_nothing_gets_the_area(size, side, seed) -> None:
    knows, ignorant = Again(lambda images: images[:, 2]), Again(lambda images: torch.ones_like(images[:, 2]))
    assert grid(knows, 2, size=size, seed=seed) == {"grid pointing": 1.0, "grid pointing, by area": 4.0}
    assert grid(ignorant, 2, size=size, seed=seed) == {"grid pointing": 0.25, "grid pointing, by area": 1.0}
    ((images, targets, _),) = knows.asked
    assert images.shape == (1, 5, side, side)
    assert targets[0].index == 2
    shown = images[0].argmax(dim=0).unique()
    assert len(shown) == 4  # of four classes, one of them its own
    assert 2 in shown


def test_the_cell_is_drawn_anew_for_each_seed() -> None:
    places = set()
    for seed in range(12):
        again = Again(lambda images: images[:, 0])
        grid(again, seed=seed)
        places.add(tuple(again.asked[0][0][0, 0].nonzero()[0].tolist()))
    assert places == {(0, 0), (0, 6), (6, 0), (6, 6)}


def test_values_against_the_target_are_no_pointing() -> None:
    assert grid(Again(lambda images: images[:, 0] - 5 * images[:, 1]))["grid pointing"] == 1.0
    with pytest.raises(Unjudged, match="nothing in the mosaic"):
        grid(Again(lambda images: -images[:, 0]))


def test_images_that_the_model_is_not_sure_of_are_left_out() -> None:
    again = Again(lambda images: images[:, 0])
    with pytest.raises(Unjudged, match="images of 3 other classes, and the model is sure of 2"):
        grid(again, others=torch.cat([COLOURS[:3], 0.5 * torch.ones(4, 5, 6, 6), COLOURS[:1]]))
    with pytest.raises(Unjudged, match=r"the model gives the image 0\.\d\d, and 0\.99 is asked for"):
        judge("grid-pointing", trial(torch.rand(6, 6), brightest, torch.ones(5, 6, 6), again=again))
    with pytest.raises(Unjudged, match="no other images"):
        judge("grid-pointing", trial(torch.rand(6, 6), brightest, COLOURS[0], again=again))
    with pytest.raises(BadOption):
        grid(again, cells=1)


def test_a_network_of_one_size_says_that_it_cannot_see_the_large_mosaic() -> None:
    linear = nn.Linear(5 * 36, 5, bias=False)
    linear.weight.data = 200 * torch.eye(5).repeat_interleave(36, dim=1) / 36
    model = adapt(nn.Sequential(nn.Flatten(), linear))
    probe, others = (Probe(model, images, [Target(0, "0")] * len(images)) for images in (COLOURS[:1], COLOURS))
    given = Trial(probe, torch.rand(6, 6), BLACK, again=explainer_of("input-x-gradient", model), others=others)
    with pytest.raises(Unjudged, match="the mosaic cannot be explained"):
        judge("grid-pointing", given)
    assert judge("grid-pointing", given, size="shrunk")["grid pointing"].value == 1.0


def test_clips_stand_side_by_side_in_every_frame() -> None:
    clips = COLOURS[:, :, None].expand(5, 5, 3, 6, 6)
    given = trial(
        torch.rand(3, 6, 6),
        brightest,
        clips[0],
        again=Again(lambda images: images[:, 0]),
        others=probe_of(brightest, clips),
    )
    assert judge("grid-pointing", given)["grid pointing"].value == 1.0
    assert given.again.asked[0][0].shape == (1, 5, 3, 12, 12)
