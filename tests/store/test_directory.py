"""Explanations on disk: exact, whole or not at all, and nothing that was touched is believed."""

import io
import json
import os
import zipfile
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from PIL import Image

from render.factory import asked, explanation, photo, unsigned, with_couples, with_parts
from seewhy.domain.check import Check
from seewhy.domain.picture import Picture
from seewhy.errors import DamagedExplanation, MissingInput, StoreError
from seewhy.explanation import Explanation
from seewhy.store import directory as saving
from seewhy.store.layout import FILES, MANIFEST, self_digest


def same(a, b) -> bool:
    """Equal in every field, arrays in type, shape and bits, NaN equal to NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (isinstance(a, float) and a != a and b != b)


EXAMPLES = {
    "signed": explanation,
    "unsigned": unsigned,
    "parts": with_parts,
    "couples": with_couples,
    "contrast": lambda: asked(explanation(), against=281, against_label="tabby", scale="log-odds"),
    "function": lambda: asked(explanation(), index=None, label="<lambda>", score=float("inf")),
    "nan": lambda: explanation(
        values=np.array([[np.nan, np.inf], [-0.0, 1e-40]], np.float32),
        checks=(Check("residual", "bad", "Not a number.", float("nan")), Check("none", "info", "Nothing.")),
    ),
    "clip": lambda: explanation(values=np.ones((3, 7, 7), np.float32)),
    "notes": lambda: explanation(picture=Picture(photo(), "ünïcode 猫.png", "turned by 90 degrees", ("was CMYK",))),
}


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_what_is_loaded_equals_what_was_saved_in_every_field(name, tmp_path):
    example = EXAMPLES[name]()
    saved = example.save(tmp_path / "deep" / "e")
    assert same(Explanation.load(saved), example)


@pytest.mark.parametrize("make", [explanation, with_parts])
def test_what_is_loaded_draws_and_tells_the_same(make, tmp_path):
    example = make()
    loaded = Explanation.load(example.save(tmp_path / "e"))
    assert loaded.summary() == example.summary()
    assert loaded.overlay().tobytes() == example.overlay().tobytes()
    assert json.loads((tmp_path / "e" / MANIFEST).read_text())["alt_text"] == example.alt_text()


def test_saving_twice_writes_the_same_bytes(tmp_path):
    a, b = (with_parts().save(tmp_path / name) for name in "ab")
    for name in (MANIFEST, *FILES):
        assert (a / name).read_bytes() == (b / name).read_bytes()


def test_the_photo_carries_no_metadata(tmp_path):
    explanation().save(tmp_path / "e")
    with Image.open(tmp_path / "e" / "photo.png") as image:
        assert not image.info
        assert not image.getexif()


def test_a_directory_that_others_can_read_is_left_and_nothing_else(tmp_path):
    saved = explanation().save(tmp_path / "e")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e"]
    assert sorted(path.name for path in saved.iterdir()) == sorted([MANIFEST, *FILES])
    assert saved.stat().st_mode & 0o777 == 0o755


def test_an_explanation_can_be_saved_over_another(tmp_path):
    explanation().save(tmp_path / "e")
    with_parts().save(tmp_path / "e")
    assert Explanation.load(tmp_path / "e").origin.method == "kernel-shap"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e"]


def test_an_empty_directory_may_be_used(tmp_path):
    (tmp_path / "e").mkdir()
    assert Explanation.load(explanation().save(tmp_path / "e")).target.label == "tiger cat"


@pytest.mark.parametrize("foreign", ["thesis.tex", "manifest.json"])
def test_a_directory_of_somebody_else_is_left_alone(foreign, tmp_path):
    (tmp_path / foreign).write_text("{}")
    with pytest.raises(StoreError) as caught:
        explanation().save(tmp_path)
    assert "empty directory" in caught.value.fix
    assert [path.name for path in tmp_path.iterdir()] == [foreign]


def test_notes_that_a_person_put_beside_an_explanation_are_not_deleted(tmp_path):
    saved = explanation().save(tmp_path / "e")
    (saved / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"notes\.txt"):
        with_parts().save(saved)
    assert (saved / "notes.txt").read_text() == "mine"
    assert Explanation.load(saved).origin.method == "grad-cam"


def test_a_file_is_not_replaced_by_a_directory(tmp_path):
    (tmp_path / "e").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        explanation().save(tmp_path / "e")


@pytest.mark.parametrize("step", [*range(4), "move"])
def test_a_disk_that_fails_leaves_the_explanation_before_and_no_rubbish(step, tmp_path, monkeypatch):
    before = explanation().save(tmp_path / "e")
    calls = []

    def failing(*args):
        calls.append(args)
        if step == "move" or len(calls) > step:
            raise OSError(28, "No space left on device")

    if step == "move":
        original = saving.Path.rename
        monkeypatch.setattr(saving.Path, "rename", lambda a, b: failing() if ".new-" in a.name else original(a, b))
    else:
        monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StoreError, match="No space left"):
        with_parts().save(tmp_path / "e")
    monkeypatch.undo()
    assert Explanation.load(before).origin.method == "grad-cam"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e"]


def test_a_save_that_was_cut_off_between_its_two_moves_says_where_the_explanation_is(tmp_path):
    saved = explanation().save(tmp_path / "e")
    saved.rename(tmp_path / ".e.old")
    with pytest.raises(DamagedExplanation) as caught:
        Explanation.load(saved)
    assert ".e.old" in caught.value.fix


@pytest.mark.parametrize("name", [MANIFEST, *FILES])
@pytest.mark.parametrize("harm", ["missing", "truncated", "flipped", "empty"])
def test_every_kind_of_damage_to_every_file_is_found(name, harm, tmp_path):
    path = explanation().save(tmp_path / "e") / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    harmed = {"truncated": path.read_bytes()[:-9], "flipped": bytes(content), "empty": b""}
    path.unlink() if harm == "missing" else path.write_bytes(harmed[harm])
    with pytest.raises(DamagedExplanation) as caught:
        Explanation.load(tmp_path / "e")
    assert name in caught.value.problem
    assert len(caught.value.lines().splitlines()) == 2


def altered(saved, change) -> None:
    """Change the manifest and make its own digest right again, as an attacker would."""
    manifest = json.loads((saved / MANIFEST).read_text())
    change(manifest)
    manifest["sha256"] = self_digest(manifest)
    (saved / MANIFEST).write_text(json.dumps(manifest))


def test_a_newer_schema_asks_for_an_upgrade(tmp_path):
    saved = explanation().save(tmp_path / "e")
    altered(saved, lambda m: m["schema"].update(version=2))
    with pytest.raises(DamagedExplanation) as caught:
        Explanation.load(saved)
    assert "upgrade seewhy" in caught.value.fix


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["schema"].update(name="other"),
        lambda m: m["schema"].update(version="one"),
        lambda m: m["files"].pop("photo.png"),
        lambda m: m["files"].update({"../../etc/passwd": {"sha256": "0" * 64}}),
        lambda m: m["explanation"].pop("target"),
        lambda m: m["explanation"]["origin"].update(unheard=1),
        lambda m: m["explanation"].update(seconds="soon"),
        lambda m: m.pop("explanation"),
        lambda m: m["files"].update({"photo.png": "x"}),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_without_a_traceback(change, tmp_path):
    saved = explanation().save(tmp_path / "e")
    altered(saved, change)
    with pytest.raises(DamagedExplanation):
        Explanation.load(saved)


def test_a_pickle_hidden_in_the_arrays_is_not_opened(tmp_path):
    saved = explanation().save(tmp_path / "e")
    file = io.BytesIO()
    np.savez(file, values=np.array([Trap()], dtype=object))
    (saved / "arrays.npz").write_bytes(file.getvalue())
    altered(saved, lambda m: m["files"]["arrays.npz"].update(sha256=saving.digest(file.getvalue())))
    Trap.sprung = False
    with pytest.raises(DamagedExplanation):
        Explanation.load(saved)
    assert not Trap.sprung


class Trap:
    """Runs code when it is unpickled."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def test_arrays_that_are_no_archive_are_refused(tmp_path):
    saved = explanation().save(tmp_path / "e")
    (saved / "arrays.npz").write_bytes(b"PK\x03\x04 not a zip")
    altered(saved, lambda m: m["files"]["arrays.npz"].update(sha256=saving.digest(b"PK\x03\x04 not a zip")))
    assert not zipfile.is_zipfile(saved / "arrays.npz")
    with pytest.raises(DamagedExplanation):
        Explanation.load(saved)


def test_a_photo_of_another_size_than_the_geometry_is_refused(tmp_path):
    saved = explanation().save(tmp_path / "e")
    file = io.BytesIO()
    Image.new("RGB", (10, 10)).save(file, "PNG")
    (saved / "photo.png").write_bytes(file.getvalue())
    altered(saved, lambda m: m["files"]["photo.png"].update(sha256=saving.digest(file.getvalue())))
    with pytest.raises(DamagedExplanation):
        Explanation.load(saved)


def test_a_path_that_is_not_there_is_missing_and_a_directory_without_manifest_is_damaged(tmp_path):
    with pytest.raises(MissingInput):
        Explanation.load(tmp_path / "nothing")
    with pytest.raises(DamagedExplanation, match=MANIFEST):
        Explanation.load(tmp_path)


def test_data_that_json_cannot_hold_is_refused_before_anything_is_written(tmp_path):
    example = explanation()
    strange = replace(example, origin=replace(example.origin, options={"layer": object()}))
    with pytest.raises(TypeError, match="object"):
        strange.save(tmp_path / "e")
    assert list(tmp_path.iterdir()) == []
