"""Detectors of Hugging Face with random weights: every query's classes and box, against loops and their own reading."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import transformers as hf
from torch import Tensor, nn

import seewhy
from seewhy.errors import BadModelOutput, BadTarget
from seewhy.models.queries import Queries

PLAIN = seewhy.Preprocess.plain()
NAMES = {0: "cat", 1: "dog", 2: "fox"}
BOX = seewhy.Box(20, 10, 80, 50, label="dog")
SIZES = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
HEADS = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "num_queries": 5}


def backbone() -> hf.ResNetConfig:
    sizes = {"embedding_size": 8, "hidden_sizes": [8, 8, 12, 16], "depths": [1, 1, 1, 1], "layer_type": "basic"}
    return hf.ResNetConfig(**sizes, out_features=["stage4"])


def detr_like(config: type, network: type) -> Callable[[], nn.Module]:
    own = {"use_timm_backbone": False, "backbone": None, "use_pretrained_backbone": False}
    return lambda: network(config(backbone_config=backbone(), id2label=NAMES, **own, **SIZES, **HEADS))


def yolos() -> nn.Module:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    return hf.YolosForObjectDetection(
        hf.YolosConfig(**sizes, image_size=[64, 96], patch_size=16, num_detection_tokens=5, id2label=NAMES)
    )


FAMILIES = {  # and whether its classes compete with an answer for nothing
    "detr": (detr_like(hf.DetrConfig, hf.DetrForObjectDetection), True),
    "yolos": (yolos, True),
    "conditional-detr": (detr_like(hf.ConditionalDetrConfig, hf.ConditionalDetrForObjectDetection), False),
}


def build(family: str) -> nn.Module:
    """The network with queries that differ: at the start all give nearly the same box."""
    torch.manual_seed(0)
    network = FAMILIES[family][0]().eval()
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if any(part in name for part in ("class_labels_classifier", "bbox_predictor", "query_position")):
                weights.copy_(0.2 * torch.randn(weights.shape))
    return network


def picture() -> Tensor:
    return torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(1))


def slow(network: nn.Module, image: Tensor, competing: bool) -> list[tuple[list[float], list[float]]]:
    """For each query its corners in pixels and the chance of each class."""
    with torch.no_grad():
        answer = network(image[None])
    height, width = image.shape[1:]
    found = []
    for logits, (x, y, w, h) in zip(answer.logits[0].double(), answer.pred_boxes[0].tolist(), strict=True):
        powers = logits.exp()
        chances = (powers / powers.sum())[:3] if competing else powers / (1 + powers)
        found.append(
            (
                [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height],
                chances.tolist(),
            )
        )
    return found


def likeness(corners: list[float], box: seewhy.Box) -> float:
    """Intersection over union."""
    x0, y0, x1, y1 = corners
    across = max(0.0, min(x1, box.right) - max(x0, box.left))
    down = max(0.0, min(y1, box.bottom) - max(y0, box.top))
    area = (box.right - box.left) * (box.bottom - box.top)
    return across * down / ((x1 - x0) * (y1 - y0) + area - across * down)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_score_is_the_best_overlap_times_chance_over_all_queries(family: str) -> None:
    network = build(family)
    rows = slow(network, picture(), FAMILIES[family][1])
    wanted = [max(likeness(corners, BOX) * chances[label] for corners, chances in rows) for label in range(3)]
    asked = seewhy.adapt(network, preprocess=PLAIN)
    assert (asked.task, asked.labels) == ("detection", ("cat", "dog", "fox"))
    found = seewhy.explain(asked, picture(), method=["saliency", "occlusion", "grad-cam"], target=BOX, window=32)
    assert [one.target.score for one in found] == pytest.approx([wanted[1]] * 3, rel=1e-4)
    assert wanted[1] > 0.02
    assert all(np.abs(one.values).max() > 0 for one in found[:2])
    covered = picture()
    covered[:, :32, :32] = covered.mean(dim=(1, 2), keepdim=True)
    again = slow(network, covered, FAMILIES[family][1])
    without = max(likeness(corners, BOX) * chances[1] for corners, chances in again)
    assert found[1].values[0, 0] == pytest.approx(wanted[1] - without, abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_strongest_detection_is_explained_as_it_is(family: str) -> None:
    network = build(family)
    rows = slow(network, picture(), FAMILIES[family][1])
    best = max(rows, key=lambda row: max(row[1]))
    found = seewhy.explain(seewhy.adapt(network, preprocess=PLAIN), picture(), method="saliency")
    assert found.target.index == int(np.argmax(best[1]))
    assert found.target.score == pytest.approx(max(best[1]), rel=1e-4)
    assert found.marked.box == pytest.approx(best[0], abs=1e-2)
    strong = sorted((chance for _, chances in rows for chance in chances if chance >= 0.05), reverse=True)
    assert [rank.probability for rank in found.prediction.top] == pytest.approx(strong, rel=1e-4)


def test_boxes_and_scores_are_those_of_the_family_s_own_image_processor() -> None:
    network = build("detr")
    with torch.no_grad():
        answer = network(picture()[None])
    (theirs,) = hf.DetrImageProcessor().post_process_object_detection(answer, 0.0, [(64, 96)])
    (ours,) = Queries(3)(answer)
    scores = ours["scores"].reshape(5, 3)
    torch.testing.assert_close(scores.amax(dim=1), theirs["scores"])
    assert torch.equal(scores.argmax(dim=1), theirs["labels"])
    corners = ours["boxes"].reshape(5, 3, 4)[:, 0] * torch.tensor([96, 64, 96, 64])
    torch.testing.assert_close(corners, theirs["boxes"])


def test_a_weak_query_is_not_found_but_can_be_asked_about() -> None:
    network = build("detr")
    with torch.no_grad():
        network.class_labels_classifier.bias[:3] = -30.0
    asked = seewhy.adapt(network, preprocess=PLAIN)
    with pytest.raises(BadTarget, match="finds nothing in this input"):
        seewhy.explain(asked, picture(), method="saliency")
    found = seewhy.explain(asked, picture(), method="saliency", target=BOX)
    assert 0 < found.target.score < 1e-6
    assert found.prediction.label == "nothing"


def test_an_answer_without_names_says_what_to_do() -> None:
    class AsTuple(hf.DetrForObjectDetection):
        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            return super().forward(images).to_tuple()

    torch.manual_seed(0)
    network = AsTuple(detr_like(hf.DetrConfig, hf.DetrForObjectDetection)().config)
    AsTuple.__name__ = "DetrForObjectDetection"
    with pytest.raises(BadModelOutput, match="without 'logits' and 'pred_boxes'"):
        seewhy.explain(seewhy.adapt(network, preprocess=PLAIN), picture(), method="occlusion", target=BOX)
