"""`seewhy explain` and `seewhy show`: what they print, write and exit with."""

import json

import numpy as np
import pytest
from PIL import Image

import seewhy
from seewhy.cli.main import run


@pytest.fixture
def photos(tmp_path):
    """Three files: a photo, no photo at all, another photo whose name is markup."""
    rng = np.random.default_rng(0)
    for name in ("one.png", "[red]two.png"):
        Image.fromarray(rng.integers(0, 255, (40, 48, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"not an image")
    return tmp_path


def asked(model, *more):
    return ["explain", "--model", model, *more]


def document(capsys):
    return json.loads(capsys.readouterr().out)


def test_one_photo_shows_decision_evidence_checks_and_cost(model, photos, capsys):
    assert run(asked(model, str(photos / "one.png"), "--method", "occlusion", "--window", "8", "--stride", "8")) == 0
    shown = capsys.readouterr()
    assert "one.png  →  sea" in shown.out
    assert "occlusion  “sea”" in shown.out
    assert "18 forwards" in shown.out  # the photo, the empty photo, and 4 x 4 windows
    for word in ("for ", "against ", "✓ passed", "next: ", "\n  cost "):
        assert word in shown.out
    assert shown.err == ""


def test_a_bad_file_among_good_ones_is_reported_in_two_lines_and_exits_1(model, photos, capsys):
    files = [str(photos / name) for name in ("one.png", "broken.png", "[red]two.png")]
    assert run(asked(model, *files)) == 1
    shown = capsys.readouterr()
    assert "one.png  →" in shown.out
    assert "[red]two.png  →" in shown.out
    lines = shown.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("broken.png: UnreadableImage [unreadable-image]:")
    assert lines[1].startswith("  fix: ")


def test_a_folder_is_walked(model, photos, capsys):
    assert run(asked(model, str(photos), "--json")) == 1
    found = document(capsys)
    assert [e["picture"]["name"] for e in found["explanations"]] == ["[red]two.png", "one.png"]
    assert [f["name"] for f in found["failures"]] == ["broken.png"]


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["one.png", "--method", "grad-camm"], 2, "unknown-method"),
        (["one.png", "--method", "grad-cam", "--steps", "3"], 2, "unknown-option"),
        (["one.png", "--method", "occlusion", "--window", "wide"], 2, "bad-option"),
        (["one.png", "--method", "occlusion", "--baseline", "blurr"], 2, "bad-option"),
        (["one.png", "--method", "grad-cam", "--layer", "nowhere"], 2, "unknown-layer"),
        (["one.png", "--method", "raw-attention"], 2, "missing-capability"),
        (["one.png", "--target", "see"], 2, "unknown-class"),
        (["one.png", "--target", "99"], 2, "unknown-class"),
        (["one.png", "--against", "sky"], 2, "bad-option"),
        (["one.png", "--budget", "0"], 2, "bad-option"),
        (["one.png", "--method", "occlusion", "--budget", "3", "--window", "4"], 2, "budget-too-small"),
        (["one.png", "--scale", "percent"], 2, "usage"),
        (["one.png", "--nonsense"], 2, "usage"),
        ([], 2, "usage"),
        (["one.png", "--device", "abacus"], 2, "bad-option"),
        (["one.png", "--labels", "nowhere.txt"], 2, "bad-option"),
        (["one.png", "--preprocess", "size=big"], 2, "bad-option"),
        (["missing.png"], 3, "missing-input"),
        (["broken.png"], 3, "unreadable-image"),
        (["one.png", "--model", "no-such-model"], 3, "unknown-model"),
    ],
)
def test_each_mistake_has_its_code_two_lines_and_a_json_form(
    model, photos, capsys, monkeypatch, arguments, code, error
):
    monkeypatch.chdir(photos)
    assert run(asked(model, *arguments)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 2
    assert f"[{error}]: " in shown.err
    assert run(asked(model, *arguments, "--json")) == code
    told = document(capsys)
    failure = told["error"] if "error" in told else told["failures"][0]
    assert failure["code"] == error
    assert failure["problem"]
    assert failure["fix"]


def test_results_are_told_also_when_files_cannot_be_written(model, photos, capsys):
    photo = str(photos / "one.png")
    assert run(asked(model, photo, "--out", photo)) == 3
    shown = capsys.readouterr()
    assert "one.png  →  sea" in shown.out
    assert "[store-error]" in shown.err
    assert run(asked(model, photo, "--report", f"{photo}/why.html", "--json")) == 3
    found = document(capsys)
    assert found["error"]["code"] == "store-error"
    assert len(found["explanations"]) == 1


def test_json_is_one_document_that_holds_what_to_json_gives(model, photos, capsys):
    assert run(asked(model, str(photos / "one.png"), "--json", "--progress")) == 0
    found = document(capsys)
    assert found["schema"] == {"name": "seewhy-explanations", "version": 1}
    assert list(found) == ["schema", "explanations", "failures", "cost", "cancelled", "files"]
    [explanation] = found["explanations"]
    assert explanation["schema"]["name"] == "seewhy-explanation"
    assert explanation["method"] == "grad-cam"
    assert found["cost"]["forward"] >= explanation["cost"]["forward"] == 1


def test_progress_goes_to_stderr_only(model, photos, capsys):
    photo = str(photos / "one.png")
    assert run(asked(model, photo, "--method", "rise", "--samples", "64", "--json", "--progress")) == 0
    shown = capsys.readouterr()
    json.loads(shown.out)
    assert "asking the model" in shown.err


def test_quiet_says_nothing(model, photos, capsys):
    assert run(asked(model, str(photos / "one.png"), "--quiet")) == 0
    assert capsys.readouterr() == ("", "")


def test_out_saves_explanations_that_load_and_pictures_of_every_view(model, photos, capsys):
    out = photos / "out"
    views = ["--view", "contour", "--view", "regions"]
    assert run(asked(model, str(photos / "one.png"), "--out", str(out), *views)) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "one.png.grad-cam", "one.png.grad-cam.contour.png", "one.png.grad-cam.regions.png",
    ]  # fmt: skip
    assert seewhy.Explanation.load(out / "one.png.grad-cam").origin.method == "grad-cam"
    assert "wrote " in capsys.readouterr().out


def test_photos_of_one_name_do_not_overwrite_each_other(model, photos):
    (photos / "more").mkdir()
    (photos / "one.png").rename(photos / "more" / "a.png")
    Image.new("RGB", (40, 40), "red").save(photos / "a.png")
    out = photos / "out"
    assert run(asked(model, str(photos / "a.png"), str(photos / "more" / "a.png"), "--out", str(out))) == 0
    first, second = (seewhy.Explanation.load(out / name) for name in ("a.png.grad-cam", "a.png-2.grad-cam"))
    assert first.picture.digest != second.picture.digest


def test_report_is_one_file(model, photos):
    assert run(asked(model, str(photos / "one.png"), "--report", str(photos / "why.html"), "--quiet")) == 0
    assert "one.png" in (photos / "why.html").read_text()


def test_names_with_markup_or_control_characters_are_shown_as_they_are(evil, photos, capsys):
    files = [str(photos / "[red]two.png"), str(photos / "\x1b[31mno.png")]
    assert run(asked(evil, *files)) == 1
    shown = capsys.readouterr()
    assert "[red]two.png  →  [bold]dog[/bold] \\x1b[31m" in shown.out
    assert "\x1b" not in shown.out + shown.err
    assert run(asked(evil, files[0], "--json")) == 0
    raw = capsys.readouterr().out
    assert "\x1b" not in raw
    assert json.loads(raw)["explanations"][0]["target"]["label"] == "[bold]dog[/bold] \x1b[31m"


def test_a_contrast_asks_about_two_classes(model, photos, capsys):
    photo = str(photos / "one.png")
    assert run(asked(model, photo, "--target", "sky", "--against", "sea", "--scale", "probability", "--json")) == 0
    target = document(capsys)["explanations"][0]["target"]
    assert (target["label"], target["against_label"], target["scale"]) == ("sky", "sea", "probability")


def test_options_of_methods_reach_the_method(model, photos, capsys):
    options = ["--method", "kernel-shap", "--regions", "grid:2", "--baseline", "black", "--seed", "5"]
    assert run(asked(model, str(photos / "one.png"), "--json", *options)) == 0
    [explanation] = document(capsys)["explanations"]
    assert explanation["options"]["regions"] == {"kind": "grid", "cells": 2}
    assert explanation["options"]["baseline"] == {"kind": "colour", "value": "black"}
    assert explanation["options"]["seed"] == explanation["origin"]["seed"] == 5


def test_labels_and_preprocessing_come_from_the_command_line(bare, photos, capsys):
    photo = str(photos / "one.png")
    assert run(["explain", photo, "--model", bare]) == 3
    assert "unknown-preprocessing" in capsys.readouterr().err
    (photos / "names.txt").write_text("north\nsouth\n\neast\n")
    said = ["--labels", str(photos / "names.txt"), "--preprocess", "size=32 mean=0.5 std=0.5 crop_pct=none"]
    assert run(["explain", photo, "--model", bare, *said, "--json"]) == 0
    [explanation] = document(capsys)["explanations"]
    assert explanation["prediction"]["top"][0]["label"] in ("north", "south", "east")
    (photos / "how.json").write_text(json.dumps(explanation["origin"]["preprocess"]))
    assert run(["explain", photo, "--model", bare, "--preprocess", str(photos / "how.json"), "--json"]) == 0
    again = document(capsys)["explanations"][0]
    assert again["map"] == explanation["map"]


def test_labels_can_be_json(tmp_path):
    from seewhy.cli.said import labels_in

    (tmp_path / "list.json").write_text('["a", "b"]')
    (tmp_path / "object.json").write_text('{"0": "a", "1": "b"}')
    assert labels_in(tmp_path / "list.json") == labels_in(tmp_path / "object.json") == ["a", "b"]


def test_show_repeats_what_was_saved_and_refuses_what_was_altered(model, photos, capsys):
    out = photos / "out"
    assert run(asked(model, str(photos / "one.png"), "--out", str(out))) == 0
    told = capsys.readouterr().out
    assert run(["show", str(out / "one.png.grad-cam")]) == 0
    again = capsys.readouterr().out
    assert again.strip() in told
    (out / "one.png.grad-cam" / "arrays.npz").write_bytes(b"")
    assert run(["show", str(out / "one.png.grad-cam")]) == 4
    assert "[damaged-explanation]" in capsys.readouterr().err


def test_a_value_that_an_option_does_not_know_is_told_in_plain_words(model, photos, capsys):
    run(asked(model, str(photos / "one.png"), "--view", "heatt"))
    assert "'heatt' is not one of 'heat', 'contour', 'regions', 'map'." in (told := capsys.readouterr().err)
    assert "Value error" not in told


def test_an_option_of_another_method_is_met_with_the_methods_that_have_it(model, photos, capsys):
    assert run(asked(model, str(photos / "one.png"), "--stride", "8")) == 2
    assert "ask a method that has it: occlusion, temporal-occlusion." in capsys.readouterr().err
