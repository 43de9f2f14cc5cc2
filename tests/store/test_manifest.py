"""The JSON object of an explanation."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from render.factory import explanation, unsigned, with_couples, with_parts
from seewhy.domain.marked import Marked
from seewhy.domain.timeline import Timeline

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "json.md"


@pytest.mark.parametrize("make", [explanation, unsigned, with_parts, with_couples])
def test_it_is_strict_json_without_pixels(make):
    text = json.dumps(make().to_json(), allow_nan=False)
    assert len(text) < 20_000


def test_its_keys_keep_their_order():
    assert list(explanation().to_json()) == list(with_parts().to_json())
    assert list(explanation().to_json())[:4] == ["schema", "method", "options", "target"]


def test_the_map_is_told_in_numbers():
    values = np.array([[1.0, -3.0], [2.0, np.nan]], np.float32)
    assert explanation(values=values).to_json()["map"] == {
        "signed": True, "zero": 0.0, "class_blind": False, "shape": [2, 2],
        "min": -3.0, "max": 2.0, "positive_sum": 3.0, "negative_sum": -3.0,
    }  # fmt: skip


def test_numbers_that_json_lacks_are_words():
    told = explanation(values=np.full((2, 2), np.nan, np.float32)).to_json()["map"]
    assert told["min"] == "nan"


def test_changing_the_object_does_not_change_the_explanation():
    example = explanation()
    example.to_json()["options"]["layer"] = "other"
    example.to_json()["checks"].clear()
    assert example.origin.options["layer"] is None
    assert example.to_json()["checks"]


def keys(data, prefix=""):
    for key, value in data.items():
        yield f"{prefix}{key}"
        if isinstance(value, dict) and key not in ("options", "versions", "preprocess"):
            yield from keys(value, f"{prefix}{key}.")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from keys(value[0], f"{prefix}{key}[].")


def test_the_guide_lists_every_key_and_no_other():
    text, _, _ = GUIDE.read_text(encoding="utf-8").partition("\n## report_card.json")
    told = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    full = with_couples(marked=Marked((1.0, 2.0, 3.0, 4.0)))
    clip = replace(explanation().geometry, time=Timeline.identity(3))
    full = replace(full, geometry=clip, values=np.ones((3, 7, 7), np.float32))
    example = {**explanation().to_json(), **{k: v for k, v in full.to_json().items() if v is not None}}
    assert told == set(keys(example))
