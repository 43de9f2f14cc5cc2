"""The model gets the same pixels as from its own family's evaluation transform."""

import json

import numpy as np
import pytest
import timm.data
import torch
import torchvision.models as tv
import transformers
from PIL import Image

from seewhy.domain.picture import Picture
from seewhy.errors import BadOption, ImageTooLarge, UnknownPreprocessing
from seewhy.inputs.preprocess import IMAGENET, Preprocess

SIZES = [(300, 451), (451, 301), (65, 64), (33, 97), (224, 224), (257, 256), (1, 1), (19, 20)]


def picture(size, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Picture(np.array(Image.fromarray(coarse).resize(size[::-1], Image.Resampling.BICUBIC)))


def normalised(preprocess, given):
    return preprocess.normalise(preprocess(given)[0][None])[0]


def assert_same(ours, theirs, std, levels=0.01):
    """Equal within a share of one 8-bit level."""
    assert ours.shape == theirs.shape
    assert ((ours - theirs).abs() * torch.tensor(std).view(-1, 1, 1)).max() < levels / 255


TIMM = [
    {"input_size": (3, 224, 224), "crop_pct": 0.875, "interpolation": "bicubic", "crop_mode": "center"},
    {"input_size": (3, 96, 96), "crop_pct": 0.9, "interpolation": "bilinear"},
    {"input_size": (3, 64, 64), "crop_pct": 1.0, "crop_mode": "squash"},
    {"input_size": (3, 64, 64), "crop_pct": 0.95, "crop_mode": "squash", "interpolation": "lanczos"},
    {"input_size": (3, 64, 64), "crop_pct": 0.9, "crop_mode": "border", "mean": (0.5, 0.4, 0.3)},
    {"input_size": (3, 64, 64), "crop_pct": 1.0, "crop_mode": "border", "mean": (0.5, 0.4, 0.3)},
    {"input_size": (3, 60, 91), "crop_pct": 0.875, "interpolation": "nearest"},
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("config", TIMM, ids=lambda c: f"{c.get('crop_mode')}-{c['input_size'][1]}-{c['crop_pct']}")
def test_timm_sees_the_same_pixels(config, size):
    given = picture(size)
    theirs = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=config))
    ours = Preprocess.from_timm(config)
    assert_same(normalised(ours, given), theirs(Image.fromarray(given.pixels)), ours.std)


WEIGHTS = [
    tv.ResNet50_Weights.IMAGENET1K_V2,
    tv.ViT_B_16_Weights.IMAGENET1K_V1,
    tv.EfficientNet_B0_Weights.IMAGENET1K_V1,
    tv.Swin_T_Weights.IMAGENET1K_V1,
    tv.ConvNeXt_Tiny_Weights.IMAGENET1K_V1,
    tv.Inception_V3_Weights.IMAGENET1K_V1,
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("weights", WEIGHTS, ids=lambda w: type(w).__name__)
def test_torchvision_sees_the_same_pixels(weights, size):
    given = picture(size)
    ours = Preprocess.from_torchvision(weights.transforms())
    assert ours == Preprocess.from_torchvision(weights)
    assert_same(normalised(ours, given), weights.transforms()(Image.fromarray(given.pixels)), ours.std)


HUGGINGFACE = [
    ("ViT", {}),
    ("ViT", {"size": {"height": 60, "width": 91}, "resample": 3}),
    ("ViT", {"do_normalize": False}),
    ("ViT", {"do_rescale": False, "image_mean": [100.0, 110.0, 120.0], "image_std": [50.0, 51.0, 52.0]}),
    ("ViT", {"rescale_factor": 1 / 127.5, "image_mean": [1.0, 1.0, 1.0]}),
    ("DeiT", {"size": {"height": 256, "width": 256}, "crop_size": {"height": 224, "width": 224}}),
    ("Beit", {}),
    ("ConvNext", {"size": {"shortest_edge": 224}}),
    ("ConvNext", {"size": {"shortest_edge": 96}, "crop_pct": 0.9}),
    ("ConvNext", {"size": {"shortest_edge": 384}}),
    ("CLIP", {}),
    ("MobileNetV2", {}),
    ("EfficientNet", {}),
    ("EfficientNet", {"rescale_offset": True, "rescale_factor": 1 / 127.5, "include_top": False}),
]


@pytest.mark.parametrize("size", [(300, 451), (451, 301), (65, 64), (257, 300)])
@pytest.mark.parametrize(("kind", "options"), HUGGINGFACE, ids=str)
def test_hugging_face_sees_the_same_pixels(kind, options, size):
    given = picture(size)
    processor = getattr(transformers, f"{kind}ImageProcessorPil")(**options)
    ours = Preprocess.from_huggingface(processor)
    theirs = processor(Image.fromarray(given.pixels), return_tensors="pt")["pixel_values"][0].float()
    assert_same(normalised(ours, given), theirs, ours.std)
    assert ours == Preprocess.from_huggingface(json.loads(processor.to_json_string()))


def test_the_fast_hugging_face_processor_differs_by_rounding_only():
    given = picture((300, 451))
    processor = transformers.ConvNextImageProcessor(size={"shortest_edge": 224})
    ours = Preprocess.from_huggingface(processor)
    theirs = processor(Image.fromarray(given.pixels), return_tensors="pt")["pixel_values"][0]
    assert_same(normalised(ours, given), theirs, ours.std, levels=2.01)


def test_an_old_hugging_face_configuration_with_bare_numbers_means_what_it_meant():
    vit = Preprocess.from_huggingface({"feature_extractor_type": "ViTFeatureExtractor", "size": 224, "resample": 2})
    assert (vit.resize, vit.size) == ("exact", (224, 224))
    clip = Preprocess.from_huggingface(
        {"feature_extractor_type": "CLIPFeatureExtractor", "size": 224, "do_center_crop": True, "crop_size": 224}
    )
    assert (clip.resize, clip.size, clip.crop) == ("short", (224,), (224, 224))


@pytest.mark.parametrize(
    ("constructor", "given", "said"),
    [
        ("from_huggingface", {"image_processor_type": "LevitImageProcessor"}, "LevitImageProcessor does more"),
        ("from_huggingface", {"do_flip_channel_order": True, "size": 224}, "blue, green, red"),
        ("from_huggingface", {"size": {"shortest_edge": 224, "longest_edge": 500}}, "longer side"),
        ("from_huggingface", {"size": {"max_height": 4, "max_width": 5}}, "max_height"),
        ("from_timm", {"mean": (0.5, 0.5, 0.5)}, "holds no timm configuration"),
        ("from_timm", {"input_size": (3, 64, 64), "crop_mode": "fancy"}, "crop_mode 'fancy'"),
        ("from_timm", {"input_size": (12, 64, 64)}, "12 channels"),
        ("from_torchvision", object(), "of a object"),
    ],
)
def test_preprocessing_that_cannot_be_followed_exactly_is_refused(constructor, given, said):
    with pytest.raises(UnknownPreprocessing, match=said):
        getattr(Preprocess, constructor)(given)


def test_a_timm_model_built_for_another_size_and_for_grey_wants_these():
    model = timm.create_model("vit_tiny_patch16_224", in_chans=1, img_size=96)
    ours = Preprocess.from_timm(model)
    pixels, _ = ours(picture((120, 130)))
    assert (ours.input_size, ours.mean, tuple(pixels.shape)) == ((96, 96), (0.5,), (1, 96, 96))


def test_grey_weighs_the_colours_as_the_eye_does():
    red = Picture(np.full((8, 8, 3), (255, 0, 0), dtype=np.uint8))
    pixels, _ = Preprocess.of(size=8, channels=1)(red)
    assert pixels.unique().tolist() == pytest.approx([76 / 255])


def test_normalise_keeps_gradient_dtype_and_any_number_of_axes():
    clip = torch.rand(2, 3, 4, 5, 6, dtype=torch.float64, requires_grad=True)
    out = IMAGENET.normalise(clip)
    assert out.dtype == torch.float64
    assert torch.allclose(out[1, 2], (clip[1, 2] - IMAGENET.mean[2]) / IMAGENET.std[2])
    out.sum().backward()
    assert clip.grad[0, 0, 0, 0, 0].item() == pytest.approx(1 / IMAGENET.std[0])


@pytest.mark.parametrize("preprocess", [IMAGENET, Preprocess.plain(), Preprocess.from_timm(TIMM[4])])
def test_preprocessing_survives_json(preprocess):
    assert Preprocess.from_json(json.loads(json.dumps(preprocess.to_json()))) == preprocess


def test_a_guess_says_that_it_is_one():
    assert IMAGENET.assumed
    assert IMAGENET.describe() == (
        "Shorter side to 256 (bilinear), centre crop 224x224, "
        "mean 0.485/0.456/0.406, std 0.229/0.224/0.225; from: assumed: ImageNet."
    )
    assert not Preprocess.of().assumed


@pytest.mark.parametrize(
    "wrong",
    [
        {"resize": "stretch"},
        {"resize": "short", "size": (3, 4)},
        {"crop": (0, 4)},
        {"interpolation": "cubic"},
        {"mean": (0.5, 0.5)},
        {"std": (0.0,)},
        {"channels": 2},
    ],
    ids=str,
)
def test_a_wrong_recipe_is_refused_at_once(wrong):
    with pytest.raises(BadOption):
        Preprocess(**wrong)


def test_a_line_of_pixels_is_refused_before_it_grows_to_gigabytes():
    line = Picture(np.zeros((1, 20_000, 3), dtype=np.uint8), name="line.png")
    with pytest.raises(ImageTooLarge, match=r"'line\.png' of 1x20000 pixels, resized to 256x5120000"):
        IMAGENET(line)


def test_one_mean_and_deviation_serve_all_channels():
    assert Preprocess.of(mean=0.5, std=0.25) == Preprocess.of(mean=(0.5,) * 3, std=(0.25,) * 3)
    assert Preprocess.of(mean=0.5, std=0.25, channels=1).mean == (0.5,)
