"""compare, methods, layers, card, cost, doctor, demo: tables for people, documents for programs."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seewhy import errors
from seewhy.cli import demo, doctor, exits, main
from seewhy.cli.agreement import agreement, ranks
from seewhy.cli.flags import default_text
from seewhy.cli.layers import shortlist
from seewhy.cli.main import run
from seewhy.domain.evidence import LayerChoice
from seewhy.domain.options import encode, parse_spec
from seewhy.models.layers import LayerInfo
from seewhy.registry import facts


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    return str(tmp_path / "one.png")


def document(capsys):
    return json.loads(capsys.readouterr().out)


def tree(*kinds):
    return [kind for top in kinds for kind in (top, *tree(*top.__subclasses__()))]


# -- compare


def test_compare_shows_cost_checks_and_agreement_and_draws_one_sheet(model, photo, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["compare", photo, "-m", model, "-M", "saliency", "-M", "occlusion", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "1  saliency" in shown
    assert "rank correlation" in shown
    assert (out / "comparison.png").is_file()
    assert "one.png  →  sea" in shown


def test_compare_chooses_methods_that_the_model_can_have(model, photo, capsys):
    cheap = ["--samples", "64", "--regions", "grid:2", "--steps", "4"]
    assert run(["compare", photo, "-m", model, *cheap, "--json"]) == 0
    found = document(capsys)
    names = ["grad-cam", "integrated-gradients", "occlusion", "kernel-shap"]
    assert found["agreement"]["methods"] == [e["method"] for e in found["explanations"]] == names
    matrix = found["agreement"]["rank_correlation"]
    assert len(matrix) == len(matrix[0]) == 4
    assert matrix[0][1] == matrix[1][0]


def test_compare_says_why_when_the_photo_fails(model, tmp_path, capsys):
    assert run(["compare", str(tmp_path / "no.png"), "-m", model]) == 3
    assert "[missing-input]" in capsys.readouterr().err


def test_agreement_looks_at_the_order_of_places_only():
    heat = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    flat, cropped = np.ones_like(heat), heat.copy()
    cropped[:, :5] = np.nan
    found = agreement([heat, heat**3, -heat, flat, cropped])
    assert found[0, :3] == pytest.approx([1, 1, -1])
    assert found[0, 4] == pytest.approx(1)
    assert np.isnan(found[0, 3])


def test_equal_values_share_the_mean_of_their_ranks():
    assert ranks(np.array([5.0, 1.0, 5.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


# -- methods


def test_methods_lists_every_method_once_and_json_holds_the_facts(capsys):
    assert run(["methods"]) == 0
    firsts = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    for name in facts():
        assert firsts.count(name) == 1
    assert run(["methods", "--json"]) == 0
    rows = document(capsys)["methods"]
    assert [row["name"] for row in rows] == list(facts())
    assert rows[0]["calls"] >= 1


def test_methods_tells_all_about_one(capsys):
    assert run(["methods", "rise"]) == 0
    shown = capsys.readouterr().out
    for word in ("arXiv:1806.07421", "--keep 0.5", "--baseline mean", "samples"):
        assert word in shown
    assert run(["methods", "rice"]) == 2
    assert "Did you mean 'rise'" in capsys.readouterr().err


def test_defaults_are_shown_as_they_would_be_typed():
    specs = [
        o for method in facts().values() for o in method.options.values() if o["type"] in ("Baseline", "RegionSpec")
    ]
    assert specs
    for option in specs:
        typed = parse_spec(default_text(option["default"]))
        assert repr(typed) == option["default"]
        assert encode(typed)["kind"] == default_text(option["default"]).split(":")[0]


# -- layers, card, cost


def test_the_short_list_of_layers_takes_the_outermost_of_each_grid():
    def layer(name, side, usable=True):
        return LayerInfo(name, "Block", (8, side, side), (side, side), "channels first", usable)

    known = [layer("stem.conv", 8), layer("stem", 8), layer("stage.0.conv", 4), layer("stage.0", 4),
             layer("stage.1.wide", 4), layer("stage.1.act", 2), layer("pool", 1, usable=False)]  # fmt: skip
    names = [info.name for info in shortlist(known, LayerChoice("stage.1.wide", "given"))]
    assert names == ["stem", "stage.0", "stage.1.wide", "stage.1.act"]


def test_layers_marks_the_chosen_one_and_says_why_others_cannot_be_read(model, capsys):
    assert run(["layers", model]) == 0
    short = capsys.readouterr().out
    assert "← chosen: " in short
    assert "more with --all" in short
    assert run(["layers", model, "--all"]) == 0
    everything = capsys.readouterr().out
    assert "already pooled" in everything
    assert "already pooled" not in short
    assert run(["layers", model, "--json"]) == 0
    rows = document(capsys)["layers"]
    assert [row["name"] for row in rows if row["chosen"]] == ["3"]
    assert rows[0]["shape"] == [8, 32, 32]


def test_card_tells_what_a_model_offers_and_why_the_rest_is_off(model, capsys):
    assert run(["card", model]) == 0
    shown = capsys.readouterr().out
    assert "gradients  ✓ yes" in shown
    assert "attention  – no: " in shown
    assert run(["card", model, "--json"]) == 0
    card = document(capsys)
    assert card["methods"]["grad-cam"] == {"usable": True, "why_not": None}
    assert card["methods"]["raw-attention"]["why_not"]


def test_cost_is_what_explaining_then_costs(model, photo, capsys):
    options = [photo, photo, "-m", model, "-M", "occlusion", "--window", "8", "--stride", "8", "--json"]
    assert run(["cost", *options]) == 0
    bill = document(capsys)
    assert bill["methods"]["occlusion"]["calls"] == 18
    assert (bill["inputs"], bill["total"]["calls"]) == (2, 36)
    assert run(["explain", *options, "--checks", "quick"]) == 0
    assert document(capsys)["explanations"][0]["cost"]["forward"] == 18


# -- doctor


def test_doctor_reports_a_package_that_does_not_import_and_exits_1(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "PACKAGES", {"torch": doctor.PACKAGES["torch"], "typer": ("typer.nowhere", "x", "y")})
    monkeypatch.setattr(doctor, "bundled", lambda: doctor.Finding("net", "missing", "not installed", "demo"))
    assert run(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "✓ works" in shown
    assert "✗ broken" in shown
    assert "ModuleNotFoundError" in shown
    assert "cpu" in shown


def test_doctor_exits_0_when_something_optional_is_only_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "PACKAGES", {"no-such-package-here": ("nowhere", "x", "regions")})
    monkeypatch.setattr(doctor, "bundled", lambda: doctor.Finding("net", "works", "verified", "demo"))
    assert run(["doctor", "--json"]) == 0
    first = document(capsys)["findings"][0]
    assert (first["state"], first["found"]) == ("missing", "not installed: pip install 'seewhy[regions]'")


def test_doctor_finds_a_bundled_network_with_the_wrong_digest(monkeypatch):
    from seewhy.models import bundled

    monkeypatch.setattr(bundled, "SHA256", "0" * 64)
    assert doctor.bundled().state == "broken"


# -- demo


def test_demo_explains_a_real_photo_with_the_real_network(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(demo, "PHOTOS", ("cat",))
    monkeypatch.setattr(demo, "METHODS", {"grad-cam": {}})
    assert run(["demo", "--out", str(tmp_path)]) == 0
    assert "cat  →  tiger cat" in capsys.readouterr().out
    views = {f"cat.grad-cam.{view}.png" for view in ("heat", "contour", "regions")}
    assert {path.name for path in tmp_path.iterdir()} == {*views, "cat.comparison.png", "report.html"}
    assert run(["demo", "--out", str(tmp_path), "--quiet"]) == 0  # overwrites


# -- all commands


def test_every_error_has_a_documented_exit_code():
    kinds = tree(errors.SeewhyError, exits.UsageError, exits.InternalError)
    codes = {kind: exits.code_of(kind("problem", "fix")) for kind in kinds}
    assert codes[errors.UnknownClass] == codes[errors.UnknownLayer] == codes[exits.UsageError] == 2
    assert codes[errors.BadCheckpoint] == codes[errors.UnreadableImage] == codes[errors.MissingPackage] == 3
    assert codes[errors.DamagedExplanation] == 4
    assert codes[errors.Cancelled] == 130
    assert set(codes.values()) <= {2, 3, 4, 70, 130}


def test_a_mistake_of_ours_is_two_lines_without_a_traceback(monkeypatch, capsys):
    def fails():
        raise ZeroDivisionError("division by \x1b[31mzero\nand more")

    monkeypatch.setattr("seewhy.cli.methods.facts", fails)
    assert run(["methods", "--json"]) == 70
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["code"] == "internal-error"
    assert len(shown.err.splitlines()) == 2
    assert "\x1b" not in shown.err
    monkeypatch.setenv(main.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        run(["methods"])


def test_colours_appear_on_a_terminal_and_no_color_takes_them_away(model, monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run(["layers", model]) == 0
    assert "\x1b[1;36m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["layers", model]) == 0
    assert "36m" not in capsys.readouterr().out
    monkeypatch.delenv("FORCE_COLOR")
    assert run(["layers", model]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_overview_tells_and_writes_what_it_found(tmp_path, model, capsys):
    (tmp_path / "photos").mkdir()
    for name, colour in (("a.png", (200, 30, 30)), ("b.png", (30, 30, 200))):
        Image.new("RGB", (40, 40), colour).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "broken.png").write_bytes(b"")
    asked = ["overview", str(tmp_path / "photos"), "--model", model, "--method", "saliency"]
    assert run([*asked, "--out", str(tmp_path / "out"), "--json"]) == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["schema"] == {"name": "seewhy-overview", "version": 1}
    assert found["photos"] == 2
    assert [failure["name"] for failure in found["failures"]] == ["broken.png"]
    assert [Path(name).name for name in found["files"]] == ["overview.json", "overview.png"]
    assert "broken.png" in shown.err
    assert run([*asked, "--clusters", "2"]) == 1
    assert "saliency over 2 photos" in capsys.readouterr().out


def test_overview_takes_one_method(tmp_path, model, capsys):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    assert run(["overview", str(tmp_path), "--model", model, "--method", "saliency", "--method", "rise"]) == 2
    assert "not one method" in capsys.readouterr().err
