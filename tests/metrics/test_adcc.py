"""ADCC, which asks for the map of what a map keeps."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hand_made import BLACK, random_case
from trials import calls_of, judge, trial

from seewhy.domain.baseline import Colour
from seewhy.domain.score import Unjudged

IMAGE, MAP, MODEL = random_case()
MEAN = Colour((0.485, 0.456, 0.406))


class Again:
    """Whoever made the map, who remembers what was asked."""

    def __init__(self, answer) -> None:
        self.answer, self.asked = answer, []

    def __call__(self, model, images, targets: Sequence, *, seed: int):
        self.asked.append((images, targets, seed))
        return self.answer(images)


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
