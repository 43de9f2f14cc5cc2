"""`seewhy motion`: a table for people, a document for programs."""

import json

import numpy as np
import pytest
from PIL import Image

from inputs.little_videos import moving_square
from seewhy.cli.main import run

SOURCE = """
import seewhy, torch

def direction(clips):
    red = (clips[:, 0] - clips[:, 1]).clamp(min=0).sum(dim=2)
    where = (red * torch.arange(red.shape[-1])).sum(-1) / red.sum(-1).clamp(min=1e-6)
    score = where[:, -1] - where[:, 0]
    return torch.stack([score, -score], dim=1)

def net():
    wants = seewhy.Preprocess.of(size=20, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(8))
    return seewhy.adapt(direction, labels=["right", "left"], preprocess=wants)
"""


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "moving.py").write_text(SOURCE)
    frames = [Image.fromarray(frame) for frame in moving_square(8, (20, 30), 6)]
    frames[0].save(tmp_path / "clip.gif", save_all=True, append_images=frames[1:], duration=100)
    return [str(tmp_path / "clip.gif"), "-m", f"{tmp_path}/moving.py:net"]


def test_the_table_shows_each_edit_and_the_words_tell_what_follows(asked, capsys):
    assert run(["motion", *asked]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("single frames", "backwards", "every second frame", "left", "not sufficient as a still clip"):
        assert words in shown


def test_the_document_holds_the_table_and_the_flips(asked, tmp_path, capsys):
    boxes = [[4 * i, 5, 4 * i + 6, 11] for i in range(7)] + [None]
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    assert run(["motion", *asked, "--boxes", str(tmp_path / "boxes.json"), "--flip", "--rounds", "0", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [row["name"] for row in found["rows"]]
    assert names[-2:] == ["background only", "actor only"]
    assert found["target"]["label"] == "right"
    assert found["what_if"]["smallest"] is not None
    assert found["frames"] is None


@pytest.mark.parametrize("content", ["nothing", "{}", "[[1, 2, 3]]"])
def test_a_file_without_boxes_is_refused(asked, tmp_path, capsys, content):
    (tmp_path / "boxes.json").write_text(content)
    assert run(["motion", *asked, "--boxes", str(tmp_path / "boxes.json")]) != 0
    assert "[bad-option]" in capsys.readouterr().err


def test_a_photo_is_refused(asked, tmp_path, capsys):
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(tmp_path / "photo.png")
    assert run(["motion", str(tmp_path / "photo.png"), *asked[1:]]) != 0
    assert "one image, and the model wants clips" in capsys.readouterr().err


def test_explaining_a_clip_writes_its_film_and_the_strip_of_its_strongest_frames(asked, tmp_path, capsys):
    out, page = tmp_path / "out", tmp_path / "page.html"
    coarse = ["-M", "occlusion", "--window", "4,10,10", "--stride", "4,10,10"]
    assert run(["explain", *asked, *coarse, "--out", str(out), "--report", str(page), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert {name.rpartition(".heat.")[2] for name in files if ".heat." in name} == {"png", "mp4", "strip.png"}
    assert 'class="moments"' in page.read_text()


def test_the_page_of_edits_and_flips_is_written(asked, tmp_path, capsys):
    page = tmp_path / "pages" / "motion.html"
    assert run(["motion", *asked, "--flip", "--rounds", "0", "--report", str(page)]) == 0
    assert f"wrote {page}" in capsys.readouterr().out.replace("\n", "")
    assert "What would have changed the answer" in page.read_text()
