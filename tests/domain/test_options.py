"""Option values as text and as JSON."""

import json
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.domain.baseline import Baseline, Blur, Colour, Dropped, Inpaint, Mean, Nearest, Noise, Sample
from seewhy.domain.linear import Linear
from seewhy.domain.options import coerce, decode, encode, parse_spec
from seewhy.domain.regions import Given, Grid, Patches, Pixels, RegionSpec, Superpixels, Windows
from seewhy.domain.tolerance import Anytime, Tolerance
from seewhy.errors import BadOption

share = st.floats(0, 1, allow_nan=False)
count = st.integers(1, 500)
BASELINES = st.one_of(
    st.builds(Colour, st.one_of(share, st.tuples(share, share, share), st.sampled_from(["black", "grey", "#0a1b2c"]))),
    st.builds(Blur, share), st.builds(Noise, count, count), st.builds(Inpaint, count),
    st.builds(Linear, share, count),
    st.sampled_from([Mean(), Nearest(), Dropped()]),
)  # fmt: skip
REGIONS = st.one_of(
    st.builds(Grid, count), st.builds(Patches, count), st.builds(Superpixels, count, st.just("slic"), count),
    st.builds(Windows, count, count),
)  # fmt: skip


@given(st.one_of(BASELINES, REGIONS, count, share, st.text(), st.booleans(), st.none()))
def test_every_value_survives_json(value):
    assert decode(json.loads(json.dumps(encode(value)))) == value


@given(BASELINES)
def test_a_baseline_read_from_json_is_the_option_again(baseline):
    assert coerce("baseline", json.loads(json.dumps(encode(baseline))), Baseline) == baseline


@given(REGIONS)
def test_regions_read_from_json_are_the_option_again(regions):
    assert coerce("regions", json.loads(json.dumps(encode(regions))), RegionSpec) == regions


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool, np.uint8])
def test_arrays_survive_json_with_type_and_shape(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for kind, name in ((Given, "masks"), (Sample, "images")):
        again = getattr(decode(json.loads(json.dumps(encode(kind(array))))), name)
        assert again.dtype == array.dtype
        assert (again == array).all()
        assert again.shape == array.shape


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("blur", Blur()), ("blur:0.05", Blur(0.05)), ("#808080", Colour("#808080")), ("grey", Colour("grey")),
        ("noise:2,7", Noise(2, 7)), ("mean", Mean()), ("inpaint", Inpaint()), ("dropped", Dropped()),
        ("linear", Linear()), ("linear:0", Linear(0)),
        ("superpixels:80", Superpixels(80)), ("superpixels:80,quickshift", Superpixels(80, "quickshift")),
        ("pixels", Pixels()),
        ("windows:32,16", Windows(32, 16)), ("grid:3", Grid(3)), ("patches", Patches()), ("patches:16", Patches(16)),
    ],
)  # fmt: skip
def test_text_names_baselines_and_regions(text, value):
    assert parse_spec(text) == value


@given(count)
def test_numbers_written_as_text_are_numbers(number):
    assert coerce("samples", str(number), int) == number
    assert coerce("keep", str(number), float) == float(number)
    assert isinstance(coerce("keep", number, float), float)


def test_a_tolerance_is_a_number_or_one_for_every_look():
    assert coerce("tolerance", "0.05", Tolerance) == 0.05
    assert coerce("tolerance", "anytime:0.05", Tolerance) == Anytime(0.05)
    assert coerce("tolerance", json.loads(json.dumps(encode(Anytime(0.2)))), Tolerance) == Anytime(0.2)
    for other in ("sometimes", "grid:3", "anytime:-1"):
        with pytest.raises(BadOption, match="tolerance"):
            coerce("tolerance", other, Tolerance)


def test_words_of_a_choice_and_nothing_are_understood():
    assert coerce("sign", "both", Literal["positive", "both"]) == "both"
    assert coerce("layer", "layer4", str | None) == "layer4"
    assert coerce("budget", "none", int | None) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("many", int), (2.5, int), (True, int), ("maybe", Literal["positive", "both"]), (7, Baseline), (None, int),
        (Grid(3), Baseline), (Mean(), RegionSpec), ({"kind": "grid", "cells": 3}, Baseline),
    ],
)  # fmt: skip
def test_values_of_another_kind_are_refused_by_name(value, kind):
    with pytest.raises(BadOption, match="wanted="):
        coerce("wanted", value, kind)


@pytest.mark.parametrize("text", ["blurr", "sample:3", "given", "grid:1,2,3,4"])
def test_text_that_names_nothing_is_refused_with_what_is_possible(text):
    with pytest.raises(BadOption) as caught:
        parse_spec(text)
    assert "black, grey, white, '#336699'" in caught.value.fix or "takes:" in caught.value.fix


def test_a_misspelt_baseline_is_met_with_the_nearest_name():
    with pytest.raises(BadOption, match="Did you mean 'blur'"):
        parse_spec("blurr")


def test_a_number_as_baseline_is_told_how_to_write_a_colour():
    with pytest.raises(BadOption, match="Colour"):
        coerce("baseline", 0.3, Baseline)
