"""audit and metrics: tables that fit, documents, and refusals before the work begins."""

import json

import numpy as np
import pytest
from PIL import Image

from seewhy.cli.main import run
from seewhy.metric_registry import all_metrics

QUICK = ["--level", "quick", "--method", "saliency"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(6):
        Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


def audit(photos, model, *more):
    return run(["audit", str(photos), "--model", model, *QUICK, *more])


def test_the_table_shows_first_lines_in_blocks_that_fit_and_all_lines_on_request(photos, model, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert audit(photos, model) == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 70
    assert told.count("mean ± 95 %") == 2
    assert "gain ↑" in told
    assert "insertion" not in told
    assert audit(photos, model, "--all-lines", "--metric", "symmetric-gain") == 0
    assert "insertion ↑" in capsys.readouterr().out


def test_json_is_the_report_with_its_files(photos, model, tmp_path, capsys):
    assert audit(photos, model, "--metric", "sparseness", "--json", "--out", str(tmp_path)) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["role"] for one in found["methods"]] == ["method", *["control"] * 4]
    saved = json.loads((tmp_path / "report_card.json").read_text())
    assert found["conclusions"] == saved["conclusions"]
    assert len(found["files"]) == 2


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--masks", "nowhere"], 3, "no folder of masks"),
        (["--metric", "symetric-gain"], 2, "Did you mean 'symmetric-gain'?"),
        (["--target", "dragon"], 2, "no class 'dragon'"),
        (["--window", "8"], 2, "no option 'window'"),
        (["--out", "/dev/null/report"], 3, "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(photos, model, more, code, said, capsys):
    assert audit(photos, model, *more) == code
    told = capsys.readouterr().err
    assert said in told
    assert "fix:" in told


def test_a_mask_that_is_no_image_fails_its_photo_only(photos, model, tmp_path, capsys):
    for i in range(5):
        Image.new("L", (32, 32), 255 * (i % 2)).save(tmp_path / f"{i}.png")
    (tmp_path / "5.png").write_bytes(b"nothing")
    assert audit(photos, model, "--metric", "pointing", "--masks", str(tmp_path)) == 1
    assert "5.png: " in capsys.readouterr().err


def test_options_go_to_the_methods_that_have_them(photos, model, capsys):
    both = ["--method", "occlusion", "--window", "16", "--stride", "16", "--metric", "cost", "--json"]
    assert audit(photos, model, *both) == 0
    calls = {one["name"]: one["cost"]["forward"] for one in json.loads(capsys.readouterr().out)["methods"]}
    assert calls["occlusion"] == 6 * 6  # the photo, four windows and the empty image


def test_metrics_lists_every_metric_once_and_tells_all_about_one(capsys):
    assert run(["metrics"]) == 0
    told = capsys.readouterr().out
    assert all(told.count(f"  {name} ") == 1 for name in all_metrics())
    assert run(["metrics", "symmetric-gain"]) == 0
    assert "look at the controls first" in " ".join(capsys.readouterr().out.split())
    assert run(["metrics", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["metrics"]
    assert [row["name"] for row in rows] == list(all_metrics())
    assert run(["metrics", "rode"]) == 2
    assert "'road'" in capsys.readouterr().err
