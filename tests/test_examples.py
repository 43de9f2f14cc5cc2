"""Every example runs as a person would run it, and stays short."""

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
DRAWN = {"quick_start", "compare_methods", "black_box_function", "onnx_model", "contrast", "folder", "save_and_load"}
DRAWN |= {"detection", "segmentation", "clip_command_line"}


@pytest.mark.filterwarnings("ignore::seewhy.errors.SeewhyWarning")  # folder.py holds a bad file on purpose
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_and_prints(example, tmp_path, monkeypatch, capsys, trained_on_clips):
    monkeypatch.setattr("seewhy.testing.clips.trained", _once(trained_on_clips))
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", [example.name, str(out)])
    runpy.run_path(str(example), run_name="__main__")
    assert 1 <= len(capsys.readouterr().out.splitlines()) <= 40
    assert any(out.rglob("*.png")) == (example.stem in DRAWN)


def _once(trained_on_clips):
    """Networks for clips are trained once for all tests, wherever an example wants to keep them."""
    return lambda kind="cnn", *, folder=None, **options: trained_on_clips(kind, **options)


def test_examples_are_short_and_explain_themselves():
    for example in EXAMPLES:
        lines = example.read_text(encoding="utf-8").splitlines()
        assert len(lines) < 60, example.name
        assert lines[0].startswith('"""'), example.name
    assert len(EXAMPLES) >= 11
