"""Boxes, segments and photos to compare with, as they are typed."""

import json

import numpy as np
import pytest
from PIL import Image

from seewhy.cli.main import run
from seewhy.cli.said import target_of
from seewhy.domain.target import Box
from seewhy.errors import BadOption

SOURCE = """
import seewhy, torch
from torch import nn

PLAIN = seewhy.Preprocess()


class Colours(nn.Module):
    def forward(self, images):
        return {"out": torch.stack([0 * images[:, 0] + 0.3, images[:, 0], images[:, 1]], dim=1)}


class FindsRed(nn.Module):
    def forward(self, images):
        box = torch.tensor([[0.0, 0.0, 8.0, 16.0]])
        return [dict(boxes=box, labels=torch.tensor([1]), scores=image[0, :, :8].mean()[None]) for image in images]


def segmenter():
    return seewhy.adapt(Colours(), task="segmentation", labels=["background", "red", "green"], preprocess=PLAIN)


def detector():
    return seewhy.adapt(FindsRed(), task="detection", labels=["background", "dog"], preprocess=PLAIN)


def encoder():
    return seewhy.adapt(lambda images: images.mean(dim=(2, 3)), task="embedding", preprocess=PLAIN)
"""


@pytest.fixture
def ask(tmp_path, capsys):
    """What a command about occlusion answered: its exit code, and what it wrote to stdout and stderr."""
    path = tmp_path / "tasks.py"
    path.write_text(SOURCE)
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :6, 0], pixels[:, 10:, 1] = 200, 255
    photo = tmp_path / "photo.png"
    Image.fromarray(pixels).save(photo)

    def asked(factory: str, target: str, *more: str, verb: str = "explain") -> tuple[int, str, str]:
        typed = [verb, str(photo), "--model", f"{path}:{factory}", "--method", "occlusion", "--window", "8"]
        code = run([*typed, "--stride", "8", "--target", target.replace("PHOTO", str(photo)), *more])
        return code, *capsys.readouterr()

    return asked


@pytest.mark.parametrize(
    ("factory", "target", "label", "task"),
    [
        ("detector", "box:0,0,8,8,dog", "dog in the box x 0 to 8, y 0 to 8", "detection"),
        ("detector", "box:0,0,8,8", "dog in the box x 0 to 8, y 0 to 8", "detection"),
        ("segmenter", "segment:green", "green on the pixels called green", "segmentation"),
        ("encoder", "similar:PHOTO", "similarity to photo.png", "embedding"),
    ],
)
def test_a_typed_target_is_explained(ask, factory, target, label, task):
    code, out, _ = ask(factory, target, "--json")
    assert code == 0
    found = json.loads(out)
    found = found[0] if isinstance(found, list) else found
    found = found.get("explanations", [found])[0] if isinstance(found, dict) else found
    assert (found["target"]["label"], found["prediction"]["task"]) == (label, task)


@pytest.mark.parametrize(
    ("factory", "target"), [("detector", "box:0,0,8,8,dog"), ("segmenter", "segment:red"), ("encoder", "similar:PHOTO")]
)
def test_the_calls_that_a_question_takes_are_counted_before_it_is_asked(ask, factory, target):
    code, out, _ = ask(factory, target, "--json", verb="cost")
    assert code == 0
    counted = json.loads(out)["total"]["forward"]
    spent = json.loads(ask(factory, target, "--json", "--checks", "quick")[1])["cost"]["forward"]
    assert counted == spent == 7  # the photo, the empty one and four windows, and one for the question


def test_it_is_told_in_words(ask):
    code, out, _ = ask("detector", "box:0,0,8,8,dog")
    assert code == 0
    assert "dog" in out
    assert "overlap x score" in " ".join(out.split())
    code, out, _ = ask("segmenter", "segment:red")
    assert code == 0
    assert "38%" in out


@pytest.mark.parametrize(
    ("factory", "target", "words"),
    [
        ("detector", "box:1,2,3", "does not say left, top, right and bottom"),
        ("detector", "box:0,0,80,8,dog", "is not inside the photo"),
        ("segmenter", "segment:blue", "no class 'blue'"),
        ("encoder", "red", "name no classes"),
    ],
)
def test_a_target_that_means_nothing_is_a_mistake_in_the_question(ask, factory, target, words):
    code, _, told = ask(factory, target)
    assert code == 2
    assert words in " ".join(told.split())


def test_boxes_are_parsed_and_have_no_rival():
    assert target_of("box:1,2,3.5,4,cat, tabby", None) == Box(1, 2, 3.5, 4, "cat, tabby")
    assert target_of("tabby: a cat", None) == "tabby: a cat"
    with pytest.raises(BadOption, match="means nothing for"):
        target_of("box:1,2,3,4", "dog")
