"""Detectors whose boxes and scores are formulas of the pixels, and torchvision's with random weights."""

import numpy as np
import pytest
import torch
import torchvision.models.detection as tv
import torchvision.ops.boxes
from torch import nn

import seewhy
from seewhy.engine.masks import SoftGrid
from seewhy.errors import BadModelOutput, BadOption, BadTarget, UnknownClass
from seewhy.models.detection import Found, matches, overlap

PLAIN = seewhy.Preprocess.plain()
LABELS = ["background", "dog", "cat"]
HERE = seewhy.Box(0, 0, 8, 8, label="dog")


class Formulas(nn.Module):
    """A dog in 0, 0, 8, h with h = 16 x mean blue, as sure as the left half is red; a cat on the right, in green."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 3, 1, bias=False)
        with torch.no_grad():
            self.features.weight.copy_(torch.eye(3)[:, :, None, None])

    def forward(self, images):
        return [self.one(image) for image in self.features(images)]

    def one(self, image):
        zero = image.sum() * 0
        height = 16 * image[2].mean()
        boxes = torch.stack([zero, zero, zero + 8, height, zero + 8, zero, zero + 16, zero + 16]).view(2, 4)
        scores = torch.stack([image[0, :, :8].mean(), image[1, :, 8:].mean()])
        shown = scores > 0.05
        return {"boxes": boxes[shown], "labels": torch.tensor([1, 2])[shown], "scores": scores[shown]}


def picture() -> torch.Tensor:
    image = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0))
    image[2] *= 0.6
    return image


def detector(**said):
    return seewhy.adapt(Formulas(), task="detection", preprocess=PLAIN, **{"labels": LABELS, **said})


def parts(image: torch.Tensor) -> tuple[float, float]:
    """The score of the dog, and the height of its box."""
    return float(image[0, :, :8].mean()), float(16 * image[2].mean())


def test_the_score_is_overlap_times_score():
    found = seewhy.explain(detector(), picture(), method="saliency", target=HERE)
    score, height = parts(picture())
    assert height < 8
    assert found.target.score == pytest.approx(score * height / 8, rel=1e-5)
    assert found.target.scale == "overlap x score"
    assert "“dog in the box x 0 to 8, y 0 to 8”" in found.summary()
    assert "The model found 2 things" in found.summary()


def test_the_gradient_goes_through_the_score_and_through_the_box():
    found = seewhy.explain(detector(), picture(), method="input-x-gradient", target=HERE)
    image, (score, height) = picture(), parts(picture())
    expected = image[2] * score * 16 / 8 / 256
    expected[:, :8] += image[0, :, :8] * height / 8 / 128
    assert np.allclose(found.values, expected, atol=1e-7)


def test_grad_cam_weighs_features_by_the_slope_of_the_match():
    found = seewhy.explain(detector(), picture(), method="grad-cam", target=HERE, layer="features", sign="both")
    image, (score, height) = picture(), parts(picture())
    weights = torch.tensor([height / 8 / 256, 0, score * 16 / 8 / 256])  # slopes summed over places, by 256 places
    assert np.allclose(found.values, (weights[:, None, None] * image).sum(0), atol=1e-6)


def test_occlusion_of_the_other_half_moves_the_box_only():
    black = seewhy.Colour("black")
    found = seewhy.explain(detector(), picture(), method="occlusion", target=HERE, window=8, stride=8, baseline=black)
    score, height = parts(picture())
    without = picture()
    without[:, :8, 8:] = 0
    assert np.allclose(found.values[:8, 8:], score * (height - parts(without)[1]) / 8, atol=1e-6)


def test_without_a_question_the_strongest_detection_is_explained_as_it_is():
    found = seewhy.explain(detector(), picture(), method="saliency")
    rows = Formulas().one(picture())
    best = int(rows["scores"].argmax())
    assert found.target.index == int(rows["labels"][best])
    assert found.target.score == pytest.approx(rows["scores"][best].item(), rel=1e-5)
    assert found.prediction.top[0].probability == pytest.approx(rows["scores"][best].item(), rel=1e-5)
    second = seewhy.explain(detector(), picture(), method="saliency", target=1)
    assert second.target.index == 3 - found.target.index
    by_name = seewhy.explain(detector(), picture(), method="saliency", target=second.prediction.top[1].label)
    assert np.array_equal(by_name.values, second.values)


def test_a_box_without_a_label_is_asked_as_what_is_found_there():
    found = seewhy.explain(detector(), picture(), method="saliency", target=seewhy.Box(9, 1, 15, 15))
    assert found.target.index == 2
    assert found.target.score == pytest.approx(picture()[1, :, 8:].mean().item() * 6 * 14 / (8 * 16), rel=1e-5)


def test_a_class_that_matches_nothing_is_no_rival():
    alone = seewhy.explain(detector(), picture(), method="grad-cam", target=HERE, layer="features")
    check = next(check for check in alone.checks if check.name == "class-discrimination")
    assert (check.verdict, "there is no other class" in check.message) == ("not run", True)
    wide = seewhy.Box(0, 0, 16, 8, label="dog")
    both = seewhy.explain(detector(), picture(), method="grad-cam", target=wide, layer="features")
    check = next(check for check in both.checks if check.name == "class-discrimination")
    assert "cat in the box" in check.message


def test_a_box_goes_from_the_photo_to_the_model_and_back():
    photo = (picture().permute(1, 2, 0).numpy() * 255).astype(np.uint8).repeat(4, 0).repeat(2, 1)  # 64 high, 32 wide
    prepare = seewhy.Preprocess(resize="exact", size=(16, 16), interpolation="box")
    asked = seewhy.adapt(Formulas(), task="detection", preprocess=prepare, labels=LABELS)
    found = seewhy.explain(asked, photo, method="saliency", target=seewhy.Box(0, 0, 16, 32, label="dog"))
    score, height = parts(torch.from_numpy(photo[::4, ::2].copy()).permute(2, 0, 1) / 255)
    assert found.target.score == pytest.approx(score * height / 8, rel=1e-4)
    assert "x 0 to 16, y 0 to 32" in found.target.label


def test_a_picture_in_which_nothing_is_found_can_be_asked_about_a_box_with_a_label():
    black = torch.zeros(3, 16, 16)
    found = seewhy.explain(detector(), black, method="occlusion", target=HERE, window=8, stride=8)
    assert found.target.score == 0
    assert "The model found nothing" in found.summary()
    assert found.prediction.label == "nothing"
    assert any(check.name == "map" and check.verdict == "bad" for check in found.checks)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (seewhy.Box(0, 0, 17, 8, label="dog"), "is not inside the photo of 16 x 16"),
        (seewhy.Box(4, 4, 4, 8, label="dog"), "has no area"),
        (2, "There is no detection 2: the detector finds 2"),
        (len, "cannot be asked of a detector"),
        ("background", "finds no 'background'"),
    ],
)
def test_questions_that_have_no_answer_are_refused(asked, words):
    with pytest.raises(BadTarget, match=words):
        seewhy.explain(detector(), picture(), method="saliency", target=asked)


def test_nothing_found_and_a_box_that_was_cropped_away_are_told():
    with pytest.raises(BadTarget, match="finds nothing in this input"):
        seewhy.explain(detector(), torch.zeros(3, 16, 16), method="saliency")
    with pytest.raises(BadTarget, match="nothing that overlaps"):
        seewhy.explain(detector(), torch.zeros(3, 16, 16), method="saliency", target=seewhy.Box(0, 0, 4, 4))
    with pytest.raises(UnknownClass):
        seewhy.explain(detector(), picture(), method="saliency", target=seewhy.Box(0, 0, 4, 4, label="fox"))
    prepare = seewhy.Preprocess(crop=(16, 16))
    asked = seewhy.adapt(Formulas(), task="detection", preprocess=prepare, labels=LABELS)
    with pytest.raises(BadTarget, match="where the model did not look: it saw x 16 to 32"):
        seewhy.explain(asked, torch.rand(3, 16, 48), method="saliency", target=seewhy.Box(0, 0, 10, 10, label=1))
    with pytest.raises(BadOption, match="means nothing here"):
        seewhy.explain(detector(), picture(), method="saliency", scale="probability")


def test_an_answer_that_is_no_list_of_boxes_is_refused():
    asked = seewhy.adapt(nn.Conv2d(3, 3, 1), task="detection", preprocess=PLAIN)
    with pytest.raises(BadModelOutput, match="no list of dicts"):
        seewhy.explain(asked, picture(), method="occlusion", target=HERE)


def test_the_match_is_that_of_a_slow_loop():
    generator = torch.Generator().manual_seed(0)
    corners = torch.rand(7, 2, 2, generator=generator).sort(dim=1).values.flatten(1) * 10
    scores, labels = torch.rand(7, generator=generator), torch.tensor([0, 1, 2, 1, 2, 1, 5])
    box = torch.tensor([2.0, 3.0, 8.0, 9.0])
    wanted = [0.0, 0.0, 0.0]
    for (x0, y0, x1, y1), score, label in zip(corners.tolist(), scores.tolist(), labels.tolist(), strict=True):
        across, down = max(0.0, min(x1, 8) - max(x0, 2)), max(0.0, min(y1, 9) - max(y0, 3))
        iou = across * down / ((x1 - x0) * (y1 - y0) + 36 - across * down)
        if label < 3:
            wanted[label] = max(wanted[label], iou * score)
    assert matches(Found(corners, labels, scores), box, 3).tolist() == pytest.approx(wanted, rel=1e-5)
    assert overlap(box[None], box).item() == pytest.approx(1)


def test_d_rise_is_the_mean_of_masks_weighted_by_the_match_of_their_views():
    masks = torch.cat([block for _, block in SoftGrid((16, 16), 16, 0.5, 3).draw(150, 64)])
    options = {"baseline": seewhy.Colour(0.0), "samples": 150, "tolerance": 0.0, "seed": 3}
    found = seewhy.explain(detector(), picture(), method="d-rise", target=HERE, **options)
    wanted = np.zeros((16, 16))
    for mask in masks:
        row = Formulas().one(picture() * mask)
        for box, label, score in zip(row["boxes"], row["labels"], row["scores"], strict=True):
            if int(label) == 1:  # 0, 0, 8, h against 0, 0, 8, 8
                wanted += mask.numpy() * score.item() * min(box[3].item(), 8) / max(box[3].item(), 8)
    np.testing.assert_allclose(found.values, wanted / 150 / 0.5, atol=1e-5)
    assert found.target.scale == "overlap x score"


def slow_nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """What torchvision's compiled operator does, for where it is not there."""
    kept: list[int] = []
    for row in scores.argsort(descending=True).tolist():
        if not kept or float(overlap(boxes[kept].detach(), boxes[row].detach()).max()) <= iou_threshold:
            kept.append(row)
    return torch.tensor(kept, dtype=torch.long)


SMALL = {"weights": None, "weights_backbone": None, "num_classes": 3, "min_size": 64, "max_size": 64}
NETWORKS = {
    "faster-rcnn": lambda: tv.fasterrcnn_mobilenet_v3_large_320_fpn(
        **SMALL, rpn_pre_nms_top_n_test=50, rpn_post_nms_top_n_test=20, box_score_thresh=0.01
    ),
    "retinanet": lambda: tv.retinanet_resnet50_fpn(**SMALL, score_thresh=0.001, topk_candidates=20),
    "ssdlite": lambda: tv.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=3, score_thresh=0.01, topk_candidates=20
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
@torch.compiler.set_stance("force_eager")  # its own fallback of roi_align would be compiled
def test_real_architectures_are_recognised_and_left_as_found(name, monkeypatch):
    monkeypatch.setattr(torchvision.ops.boxes, "nms", slow_nms)
    torch.manual_seed(0)
    network = NETWORKS[name]()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 1.0  # one batch makes the statistics: without them activations of random weights die out
    network.backbone(torch.rand(2, 3, 64, 64))
    with torch.no_grad():
        for name_of_part, weights in network.named_parameters():
            if any(part in name_of_part for part in ("box_predictor", "rpn.head", "cls_logits.weight", "bbox_reg")):
                weights.mul_(0.0002)  # random weights are as sure as can be of the background
    network.eval()
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        (answer,) = network([image])
    thresholds = [getattr(part, "score_thresh", None) for part in network.modules()]
    asked = seewhy.adapt(network, labels=LABELS)
    assert asked.task == "detection"
    found = seewhy.explain(asked, image, method=["occlusion", "saliency", "grad-cam"], window=32, stride=32)
    best = int(answer["scores"].argmax())
    assert found[0].target.score == pytest.approx(float(answer["scores"][best]), rel=1e-4)
    assert found[0].target.index == int(answer["labels"][best])
    assert np.abs(found[0].values).max() > 0
    assert np.abs(found[1].values).max() > 0
    assert thresholds == [getattr(part, "score_thresh", None) for part in network.modules()]
