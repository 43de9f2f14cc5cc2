"""The bundled network: right weights, right preprocessing, right names."""

import re
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image

from seewhy.domain.picture import Picture
from seewhy.domain.target import class_index
from seewhy.errors import MissingPackage, UnsafeCheckpoint
from seewhy.models import bundled
from seewhy.models.adapt import adapt
from seewhy.models.checkpoint import weights
from seewhy.models.efficientnet_lite import FIRST

PHOTOS = Path(skimage.__file__).parent / "data"


@pytest.fixture(scope="module")
def model():
    return adapt("efficientnet-lite0")


def top(model, photo):
    picture = Picture(np.asarray(Image.open(PHOTOS / photo).convert("RGB")))
    with torch.no_grad(), model.borrowed():
        return model(model.preprocess(picture)[0][None]).softmax(1)[0]


@pytest.mark.parametrize(
    ("photo", "name", "p"), [("coffee.png", "espresso", 0.95), ("astronaut.png", "football helmet", 0.16)]
)
def test_the_photos_get_the_class_and_probability_that_are_on_record(model, photo, name, p):
    probabilities = top(model, photo)
    assert model.labels[int(probabilities.argmax())] == name
    assert float(probabilities.max()) == pytest.approx(p, abs=0.02)


def test_the_cat_is_a_striped_cat(model):
    probabilities = top(model, "chelsea.png")
    cats = {
        class_index(name, model.labels, 1000): p
        for name, p in [("tiger cat", 0.39), ("Egyptian cat", 0.36), ("tabby", 0.17)]
    }
    assert int(probabilities.argmax()) in cats
    assert [float(probabilities[index]) for index in cats] == pytest.approx(list(cats.values()), abs=0.02)


def timm_name(key):
    outer = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    wide = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
    wide |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
    separable = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    inner = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if not inner:
        return re.sub(r"^\w+", lambda found: outer[found[0]], key)
    stage = sum(first <= int(inner[1]) for first in FIRST) - 1
    return f"blocks.{stage}.{int(inner[1]) - FIRST[stage]}.{(wide if stage else separable)[inner[2]]}.{inner[3]}"


@pytest.mark.parametrize("size", [(224, 224), (97, 130)])
def test_our_network_computes_what_timms_does_with_the_same_weights(size):
    import timm

    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    state = weights(bundled._packaged(*bundled.WEIGHTS))
    theirs.load_state_dict({timm_name(key): value for key, value in state.items()}, strict=True)
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(bundled.network()(images), theirs(images), rtol=1e-4, atol=1e-4)


def test_loading_it_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    bundled.network()
    assert torch.equal(torch.get_rng_state(), before)


def test_there_are_a_thousand_names_with_synonyms(model):
    assert len(model.labels) == 1000
    assert class_index("tabby cat", model.labels, 1000) == class_index("tabby", model.labels, 1000) == 281
    assert class_index("tiger cat", model.labels, 1000) == 282


def test_other_weights_in_the_package_are_refused_by_digest(monkeypatch):
    monkeypatch.setattr(bundled, "SHA256", "0" * 64)
    with pytest.raises(UnsafeCheckpoint, match="SHA-256"):
        bundled.network()


def test_a_missing_package_says_which_extra_to_install(monkeypatch):
    monkeypatch.setattr(bundled, "WEIGHTS", ("no_such_package_here", "x.pth"))
    with pytest.raises(MissingPackage, match=r"seewhy\[demo\]"):
        bundled.network()
