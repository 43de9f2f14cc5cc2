"""`seewhy recommend` finds a method and keeps it, and `seewhy explain --method auto:FILE` uses it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from seewhy.cli.main import run


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for i in range(2):
        pixels = np.random.default_rng(i).integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_it_tells_what_to_use_and_keeps_it_with_its_evidence(model, photos, tmp_path, capsys):
    asked = ["recommend", str(photos), "-m", model, "-M", "saliency", "--out", str(tmp_path)]
    assert run(asked) == 0
    shown = capsys.readouterr()
    assert "saliency" in shown.out
    assert "Round 1, 2 images, 5 asked" in shown.out
    assert shown.err.startswith("5 methods and controls on up to 2 images: ")
    assert {path.name for path in tmp_path.iterdir()} == {
        "recommendation.json", "report_card.html", "report_card.json",
    }  # fmt: skip


def test_explain_follows_a_kept_recommendation(model, bare, photos, tmp_path, capsys):
    kept = tmp_path / "recommendation.json"
    assert run(["recommend", str(photos), "-m", model, "-M", "saliency", "--out", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == {"name": "seewhy-recommendation", "version": 1}
    assert found["files"][0] == str(kept)
    assert found["settings"]["saliency"] == {"method": "saliency", "options": {}}
    data = json.loads(kept.read_text())
    data["recommended"] |= {"method": "saliency", "why": "the best of 1 method."}
    kept.write_text(json.dumps(data))
    asked = ["explain", str(photos / "0.png"), "--method", f"auto:{kept}", "--json", "-m"]
    assert run([*asked, model]) == 0
    (made,) = json.loads(capsys.readouterr().out)["explanations"]
    assert made["method"] == "saliency"
    assert "Saliency was recommended: the best of 1 method." in json.dumps(made["checks"])
    assert run([*asked, bare, "--preprocess", "size=32"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unusable-recommendation"


def test_auto_chooses_on_the_command_line_too(model, photos, capsys):
    assert run(["explain", str(photos / "0.png"), "-m", model, "--method", "auto", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)["explanations"]
    assert made["method"] == "grad-cam"


def test_too_small_a_budget_is_refused_in_two_lines(model, photos, capsys):
    assert run(["recommend", str(photos), "-m", model, "-M", "saliency", "--budget", "50", "--quiet"]) == 2
    assert "BudgetTooSmall [budget-too-small]: The first round on 2 images" in capsys.readouterr().err
