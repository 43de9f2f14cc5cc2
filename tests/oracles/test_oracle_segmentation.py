"""Segmenters whose right explanation is known: the score is the mean of a class over a mask, and only places count."""

import numpy as np
import pytest
import torch
import torchvision.models.segmentation as tv
import transformers as hf
from torch import nn

import seewhy
from seewhy.errors import BadTarget, UnknownClass

LABELS = ["background", "red", "green"]
PLAIN = seewhy.Preprocess.plain()
NETWORKS = {
    "fcn": lambda: tv.fcn_resnet50(weights_backbone=None, num_classes=4),
    "deeplab": lambda: tv.deeplabv3_mobilenet_v3_large(weights_backbone=None, num_classes=4),
    "lraspp": lambda: tv.lraspp_mobilenet_v3_large(weights_backbone=None, num_classes=4),
    "segformer": lambda: hf.SegformerForSemanticSegmentation(
        hf.SegformerConfig(
            hidden_sizes=[8, 8, 8, 8],
            depths=[1, 1, 1, 1],
            num_attention_heads=[1, 1, 1, 1],
            decoder_hidden_size=8,
            num_labels=4,
        )
    ),
}


class Colours(nn.Module):
    """Three classes: background has a constant score, red and green their colour, blue speaks a little for red."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.ReLU())
        self.head = nn.Conv2d(3, 3, 1)
        with torch.no_grad():
            self.features[0].weight.copy_(torch.eye(3)[:, :, None, None])
            self.head.weight.copy_(torch.tensor([[0.0, 0, 0], [2, -1, 0.5], [-1, 2, 0]])[:, :, None, None])
            self.head.bias.copy_(torch.tensor([0.3, 0, 0]))

    def forward(self, images):
        return {"out": self.head(self.features(images)), "aux": images}


def picture() -> torch.Tensor:
    """Black with a red square above and a smaller green one below, and some blue everywhere."""
    image = torch.zeros(3, 16, 16)
    image[2] = torch.rand(16, 16, generator=torch.Generator().manual_seed(0))
    image[2].mul_(0.2)
    image[0, 2:8, 2:8] = 1.0
    image[1, 10:14, 9:14] = 0.8
    return image


def model(**said):
    return seewhy.adapt(Colours(), preprocess=PLAIN, task="segmentation", **{"labels": LABELS, **said})


def test_the_largest_class_that_is_no_background_is_explained_where_it_is_predicted():
    found = seewhy.explain(model(), picture(), method="occlusion", window=4, stride=4)
    image, here = picture(), np.s_[2:8, 2:8]
    expected = float((2 * image[0] - image[1] + 0.5 * image[2])[here].mean())
    assert found.target.index == 1
    assert found.target.score == pytest.approx(expected, rel=1e-5)
    assert "on the pixels called red" in found.target.label
    assert "“background”" in found.summary()
    assert "probability" not in found.summary().split("Asked")[0]


def test_grad_cam_is_the_weighted_sum_of_the_features_and_is_no_nearer_to_the_mask():
    # The slope of the mean over the mask at feature k is W[c,k] / |mask| inside it; its mean over h x w is W[c,k] / hw.
    found = seewhy.explain(model(), picture(), method="grad-cam", target="green", layer="features.1", sign="both")
    weights = torch.tensor([-1.0, 2, 0]) / 256
    expected = (weights[:, None, None] * picture()).sum(0)
    assert np.allclose(found.values, expected, atol=1e-6)


def test_gradients_are_zero_outside_the_mask_and_known_inside():
    mask = np.zeros((16, 16), dtype=bool)
    mask[3:5, 3:7] = True
    asked = seewhy.Segment("red", mask=mask)
    found = seewhy.explain(model(), picture(), method="input-x-gradient", target=asked)
    image = picture()
    expected = (2 * image[0] - image[1] + 0.5 * image[2]) * torch.from_numpy(mask) / mask.sum()
    assert np.allclose(found.values, expected, atol=1e-6)
    assert "on the mask given" in found.target.label


def test_occlusion_of_what_is_not_asked_about_changes_nothing():
    found = seewhy.explain(
        model(), picture(), method="occlusion", target="green", window=4, stride=4, baseline=seewhy.Colour("black")
    )
    values = np.abs(found.values)
    assert values[:8].max() == 0
    assert values[8:, 8:].max() > 0.1


def test_a_contrast_is_asked_where_the_first_class_is_predicted():
    asked = seewhy.Contrast("red", "green")
    found = seewhy.explain(model(), picture(), method="input-x-gradient", target=asked)
    image, here = picture(), np.s_[2:8, 2:8]
    assert found.target.score == pytest.approx(float((3 * image[0] + 0.5 * image[2])[here].mean()), rel=1e-5)


def test_a_mask_of_the_photo_goes_through_resize_and_crop():
    photo = (picture().permute(1, 2, 0).numpy() * 255).astype(np.uint8).repeat(4, 0).repeat(4, 1)  # 64 x 64
    prepare = seewhy.Preprocess(resize="exact", size=(32, 32), crop=(16, 32), interpolation="nearest")
    asked = seewhy.adapt(Colours(), preprocess=prepare, task="segmentation", labels=LABELS)
    mask = np.zeros((64, 64), dtype=bool)
    mask[40:56, 36:56] = True  # the green square; the crop keeps rows 16 to 48 of the photo
    found = seewhy.explain(asked, photo, method="saliency", target=seewhy.Segment("green", mask=mask))
    here = np.argwhere(found.values > 0)
    assert here.min(0).tolist() == [12, 18]
    assert here.max(0).tolist() == [15, 27]


def test_the_mean_over_images_explained_together_is_that_of_each_alone():
    two = [picture(), picture().flip(1)]
    together = seewhy.explain(model(), two, method="grad-cam", layer="features.1")
    for image, found in zip(two, together, strict=True):
        assert np.array_equal(
            found.values, seewhy.explain(model(), image, method="grad-cam", layer="features.1").values
        )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (seewhy.Segment("red", mask=np.zeros((16, 16), bool)), "The mask is empty"),
        (seewhy.Segment("red", mask=np.ones((8, 16), bool)), r"The mask has shape \(8, 16\)"),
        (seewhy.Segment("red", mask=np.full((16, 16), 7)), "other values than 0 and 1"),
    ],
)
def test_masks_that_mean_nothing_are_refused(asked, words):
    with pytest.raises(BadTarget, match=words):
        seewhy.explain(model(), picture(), method="saliency", target=asked)


def test_a_class_that_is_predicted_nowhere_needs_a_mask():
    black = torch.zeros(3, 16, 16)
    with pytest.raises(BadTarget, match="calls no pixel of this input 'red'"):
        seewhy.explain(model(), black, method="saliency", target="red")
    with pytest.raises(BadTarget, match="nothing but background"):
        seewhy.explain(model(), black, method="saliency")
    with pytest.raises(UnknownClass):
        seewhy.explain(model(), black, method="saliency", target="blue")


def test_without_names_the_background_is_assumed_and_said():
    found = seewhy.explain(model(labels=None), picture(), method="saliency")
    assert found.target.index == 1
    assert any("taken for it" in check.message for check in found.checks)


def test_the_answer_comes_back_from_disk(tmp_path):
    found = seewhy.explain(model(), picture(), method="saliency")
    again = seewhy.Explanation.load(found.save(tmp_path / "one"))
    assert again.prediction == found.prediction
    assert again.summary() == found.summary()


@pytest.mark.parametrize("name", NETWORKS)
def test_real_architectures_are_recognised(name):
    torch.manual_seed(0)
    network = NETWORKS[name]()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = 1.0  # one batch makes the statistics: without them activations of random weights die out
    network(torch.rand(2, 3, 64, 64))
    network.eval()
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))
    asked = seewhy.adapt(network, preprocess=PLAIN)
    assert asked.task == "segmentation"
    whole = seewhy.Segment(2, mask=np.ones((64, 64), bool))
    found = seewhy.explain(asked, image, method=["grad-cam", "occlusion"], target=whole, window=32, stride=32)
    with torch.no_grad():
        answer = network(image[None])
    table = answer["out"] if "out" in answer else answer["logits"]
    assert found[0].target.score == pytest.approx(float(table[0, 2].mean()), rel=1e-4, abs=1e-5)
    assert np.abs(found[1].values).max() > 0


def test_torchvision_weights_say_how_photos_become_inputs():
    found = seewhy.Preprocess.from_torchvision(tv.FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1)
    assert (found.resize, found.size, found.crop) == ("short", (520,), None)
