"""`seewhy joined`: a table for people, a document for programs."""

import json

import pytest
from PIL import Image

from seewhy.cli.main import run

SOURCE = """
import seewhy, torch

def brightest(clips):
    return 20 * clips.flatten(2).mean(dim=2)

def net():
    wants = seewhy.Preprocess.of(size=8, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(8))
    return seewhy.adapt(brightest, labels=["red", "green", "blue"], preprocess=wants)

def right(network, clips, targets):
    return torch.stack([clip[target] for clip, target in zip(clips, targets)])
"""


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "colours.py").write_text(SOURCE)
    for i in range(3):
        frame = Image.new("RGB", (8, 8), tuple(230 if channel == i else 10 for channel in range(3)))
        shades = [frame.point(lambda v, k=k: v - k) for k in range(8)]  # a GIF drops frames that are alike
        shades[0].save(tmp_path / f"{i}.gif", save_all=True, append_images=shades[1:], duration=100)
    return ["joined", *(str(tmp_path / f"{i}.gif") for i in range(3)), "-m", f"{tmp_path}/colours.py:net"]


def test_the_table_shows_each_method_beside_controls(asked, capsys):
    assert run([*asked, "--method", "motion-energy", "--pairs", "3"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("strongest frame hits", "first-frames", "random", "of clips joined", "50%"):
        assert words in shown


def test_the_document_holds_intervals_and_verdicts(asked, capsys):
    assert run([*asked, "--method", "temporal-occlusion", "--pairs", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"]["name"] == "seewhy-joined"
    first = found["methods"][0]
    assert (first["name"], first["control"], first["verdict"]) == ("temporal-occlusion", False, "finds its half")
    assert first["hits"]["value"] == 1
    assert first["hits"]["count"] == len(found["pairs"]) <= 6
    assert {one["name"] for one in found["methods"] if one["control"]} == {"random", "motion-energy", "first-frames"}


def test_clips_of_one_class_are_refused(asked, capsys):
    assert run([asked[0], asked[1], *asked[4:]]) != 0
    assert "2 classes" in capsys.readouterr().err
