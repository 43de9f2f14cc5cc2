"""`seewhy explain` on clips: views that are averaged, and one explanation for each shot."""

import json

import numpy as np
import pytest
from PIL import Image

from seewhy.cli.main import run

SOURCE = """
import seewhy, torch

def redness(clips):
    red = clips[:, 0].mean((1, 2, 3))
    return torch.stack([red, 1 - red], dim=1)

def net():
    wants = seewhy.Preprocess.of(size=8, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(4))
    return seewhy.adapt(redness, labels=["red", "other"], preprocess=wants)
"""
COARSE = ["-M", "occlusion", "--window", "2,4,4", "--stride", "2,4,4"]


@pytest.fixture
def asked(tmp_path):
    """Three shots of a second each: red, green, blue."""
    (tmp_path / "shots.py").write_text(SOURCE)
    frames = [Image.new("RGB", (24, 8), colour) for colour in ("red", "lime", "blue") for _ in range(10)]
    for i, frame in enumerate(frames):  # equal frames of a GIF would be joined
        frame.putpixel((i % 24, 0), (255, 255, 255))
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=100)
    return ["explain", str(tmp_path / "film.gif"), *COARSE, "-m", f"{tmp_path}/shots.py:net"]


def document(command, capsys, code=0):
    assert run([*command, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_film_has_an_explanation_for_each_shot(asked, capsys, tmp_path):
    found = document([*asked, "--per", "shot", "--out", str(tmp_path / "out")], capsys)
    names = [one["picture"]["name"] for one in found["explanations"]]
    assert names == [f"film.gif, shot {i} of 3" for i in (1, 2, 3)]
    assert [one["prediction"]["top"][0]["label"] for one in found["explanations"]] == ["red", "other", "other"]
    times = [one["geometry"]["time"]["begins"][0] for one in found["explanations"]]
    assert np.allclose(times, [0.1, 1.1, 2.1])
    assert (tmp_path / "out" / "film.gif-shot-2-of-3.occlusion" / "manifest.json").exists()


def test_a_film_that_cannot_be_cut_into_shots_fails_alone(asked, capsys, tmp_path):
    (tmp_path / "broken.gif").write_bytes(b"nothing")
    found = document([*asked[:2], str(tmp_path / "broken.gif"), *asked[2:], "--per", "shot"], capsys, code=1)
    assert len(found["explanations"]) == 3
    assert [one["name"] for one in found["failures"]] == ["broken.gif"]


def test_views_are_averaged(asked, capsys):
    found = document([*asked, "--views", "2x3"], capsys)["explanations"][0]
    assert found["origin"]["views"] == "2x3"
    assert found["map"]["shape"] == [8, 8, 24]  # four frames of each stretch, over three crops
    assert len(found["geometry"]["time"]["shown"]) == 8
    assert run(["cost", *asked[1:], "--views", "2x3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["calls"] == found["cost"]["forward"]


def test_views_of_nothing_are_refused(asked, capsys):
    assert run([*asked, "--views", "many"]) != 0
    assert "[bad-option]" in capsys.readouterr().err
