"""ROAD against a slow loop over a direct solve, and beside a peer."""

import numpy as np
import pytest
import torch
from hand_made import random_case
from trials import calls_of, judge, probe_of, trial

from seewhy.domain.score import Unjudged
from seewhy.domain.target import Target
from seewhy.errors import BadOption

IMAGE, MAP, MODEL = random_case(11)
WEIGHTS = {(1, 0): 1 / 6, (1, 1): 1 / 12, (1, -1): 1 / 12, (0, 1): 1 / 6}


def imputed(image: torch.Tensor, gone: torch.Tensor) -> torch.Tensor:
    """Each absent pixel equal to the weighted mean of its neighbours inside the image, solved as one dense system."""
    side = image.shape[-1]
    system, right = np.eye(side * side), image.flatten(1).double().numpy().copy()
    for y, x in gone.nonzero().tolist():
        near = {(y + s * a, x + s * b): w for (a, b), w in WEIGHTS.items() for s in (1, -1)}
        near = {place: w for place, w in near.items() if set(place) <= set(range(side))}
        right[:, y * side + x] = 0
        for (v, u), w in near.items():
            system[y * side + x, v * side + u] = -w / sum(near.values())
    return torch.from_numpy(np.linalg.solve(system, right.T).T).float().reshape(image.shape)


def slow(model=MODEL, steps: int = 5) -> dict[str, float]:
    order = MAP.flatten().argsort(descending=True)
    means = {}
    for name, ranked in {"most": order, "least": order.flip(0)}.items():
        rows = []
        for i in range(1, steps):
            gone = torch.zeros(121, dtype=torch.bool)
            gone[ranked[: round(121 * i / steps)]] = True
            outputs = model(imputed(IMAGE, gone.reshape(11, 11))[None])[0]
            rows.append((float(outputs.argmax() == 0), float(outputs.softmax(dim=0)[0])))
        means[name] = np.mean(rows, axis=0)
    half = (means["least"] - means["most"]) / 2
    return {"ROAD": half[0], "ROAD, most first": means["most"][0], "ROAD, least first": means["least"][0],
            "ROAD, probability": half[1]}  # fmt: skip


def test_it_is_the_published_loop_over_a_direct_solve() -> None:
    found = judge("road", trial(MAP, MODEL, IMAGE), steps=5, noise=0.0)
    assert {name: score.value for name, score in found.items()} == pytest.approx(slow(), abs=1e-4)


def test_the_opposite_order_gets_the_opposite_score() -> None:
    one, other = (judge("road", trial(map, MODEL, IMAGE)) for map in (MAP, -MAP))
    assert one["ROAD"].value == -other["ROAD"].value
    assert one["ROAD, probability"].value == pytest.approx(-other["ROAD, probability"].value, abs=1e-6)


def test_colour_images_work_and_both_readings_share_their_answers() -> None:
    assert calls_of("road", trial(MAP, MODEL, IMAGE), steps=10) == 18


def test_it_agrees_with_the_peer_where_both_remove_as_many_pixels() -> None:
    from pytorch_grad_cam.metrics.road import ROADCombined

    light = (MAP - MAP.min()) / (MAP.max() - MAP.min())
    torch.manual_seed(0)
    theirs = ROADCombined([20, 40, 60, 80])(
        IMAGE[None], light[None].numpy(), [lambda output: output.softmax(dim=0)[0]], MODEL
    )
    ours = judge("road", trial(MAP, MODEL, IMAGE), steps=5)["ROAD, probability"].value
    assert ours == pytest.approx(float(theirs[0]), abs=0.02)  # it removes one pixel more; both add noise of 0.01


def test_targets_that_are_no_class_are_not_judged() -> None:
    probe = probe_of(MODEL, IMAGE[None])
    for target in (Target(0, "0 - 1", against=1), Target(None, "mine", function=lambda outputs: outputs[:, 0])):
        given = trial(MAP, MODEL, IMAGE)
        object.__setattr__(given, "probe", probe.against([target]))
        with pytest.raises(Unjudged, match="no class"):
            judge("road", given)
    with pytest.raises(BadOption):
        judge("road", trial(MAP, MODEL, IMAGE), steps=1)
