"""Sentences made from numbers."""

from dataclasses import replace

import numpy as np
import pytest

from render.factory import asked, blobs, explanation, unsigned, with_couples, with_parts
from seewhy.domain.check import Check
from seewhy.domain.evidence import Sampling
from seewhy.domain.geometry import Geometry
from seewhy.domain.prediction import Prediction, Ranked
from seewhy.render.number import number, percent, probability
from seewhy.render.place import name_of, ninths
from seewhy.render.text import alt_text, for_and_against, summary

WHOLE = Geometry.identity((300, 451))
GOOD = (Check("completeness", "good", "It adds up."),)


def corner(sign: float = 1.0):
    """All evidence in the lower left ninth."""
    values = np.zeros((9, 9), np.float32)
    values[7, 1] = sign
    return explanation(values=values, geometry=WHOLE, checks=GOOD)


def test_the_summary_tells_answer_question_and_place():
    told = summary(corner())
    assert "“tiger cat” with probability 0.62" in told
    assert "“tabby” (0.21)" in told
    assert "grad-cam" in told
    assert "logit 8.31" in told
    assert "strongest at the lower left" in told
    assert "Nothing in the map is evidence against it" in told


def test_evidence_against_is_told_as_such():
    told = summary(corner(-1.0))
    assert "Nothing in the map is evidence for it" in told
    assert "in all 100% of the map's strength" in told
    assert "it is strongest at the lower left" in told


def test_a_map_without_sign_claims_nothing_against():
    told = summary(unsigned())
    assert "cannot tell for from against" in told
    assert "evidence" not in told
    assert for_and_against(unsigned())[1] == []


def test_a_zero_map_says_nothing():
    example = explanation(values=np.zeros((7, 7), np.float32))
    assert "says nothing about this answer" in summary(example)
    assert "zero everywhere" in alt_text(example)
    assert for_and_against(example) == ([], [])


def test_a_map_of_nan_says_nothing_and_does_not_fail():
    assert "says nothing" in summary(explanation(values=np.full((7, 7), np.nan, np.float32)))


def test_the_part_that_was_not_seen_is_told_only_where_there_is_one():
    assert "on the 51% of the photo that the model saw" in summary(explanation())
    assert "the model saw" not in summary(corner())
    assert "The 49% of the photo that the model did not see are hatched." in alt_text(explanation())


def test_failed_checks_are_told_worst_first_with_their_message():
    checks = (Check("b", "warning", "Second."), Check("a", "bad", "First"), Check("c", "good", "Fine."))
    told = summary(explanation(checks=checks))
    assert "2 of 3 checks did not pass. Bad, a: First. Warning, b: Second." in told
    assert "Fine" not in told


def test_passed_checks_are_no_proof_and_missing_ones_are_said():
    assert "The one check that judges passed; the map still does not prove" in summary(corner())
    assert "No check was run" in summary(explanation(checks=(Check("x", "not run", "No time."),)))


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        (Sampling(240, "pairs", "budget", 0.08, 0.05), "240 pairs were drawn, until the budget was spent; all values"),
        (Sampling(90, "masks", "cancelled", 0.2), "90 masks were drawn, until the run was cancelled"),
        (Sampling(9, "orders", "samples"), "no error bar was computed"),
        (Sampling(256, "subsets", "exact"), "nothing was sampled"),
        (Sampling(64, "pairs", "converged", 0.04, 0.05), "±4% of the map's range, where 5% was asked for"),
    ],
)
def test_the_error_bar_and_the_stop_are_told(sampling, words):
    assert words in summary(with_parts(sampling=sampling))


def test_a_contrast_names_both_classes():
    assert "“tiger cat” rather than “tabby”" in summary(asked(explanation(), against=281, against_label="tabby"))
    assert "rather than “class 281”" in summary(asked(explanation(), against=281))


def test_a_model_with_one_answer_has_no_runners_up():
    one = Prediction((Ranked(0, "defect", 0.999, 7.1),), "logits", 1)
    told = summary(explanation(prediction=one))
    assert "“defect” with probability above 0.99." in told
    assert "next came" not in told


def test_reasons_are_the_strongest_parts_with_number_error_bar_and_place():
    speaks_for, against = for_and_against(with_parts())
    assert speaks_for[0].startswith("part 5, centre (3% of the photo): +0.87 ± 0.06 logit (95% band), 39% of what")
    assert all("−" in line for line in against)
    assert len(speaks_for) == len(against) == 3


def test_a_part_within_its_band_could_be_nothing():
    known = with_parts()
    wide = replace(known.parts, band=np.full(16, 0.5, np.float32))
    speaks_for, against = for_and_against(with_parts(parts=wide))
    assert "+0.87 ± 0.5 logit (95% band), " in speaks_for[0]
    assert all("(95% band: could be nothing), " in line for line in against)


def test_a_sampling_that_did_not_converge_is_told_once():
    check = Check("convergence", "warning", "240 pairs, too few.")
    told = summary(with_parts(checks=(check,)))
    assert told.count("240 pairs") == 1


def test_reasons_without_parts_are_the_strongest_ninths():
    speaks_for, against = for_and_against(corner())
    assert speaks_for[0].startswith("lower left: ")
    assert against == []


def test_parts_beyond_the_photo_are_left_out():
    wide = Geometry.identity((112, 224)).padded(112, 0, 0, 0)  # the upper half of the input is padding
    pixels = np.zeros((112, 224, 3), np.uint8)
    told, _ = for_and_against(with_parts(geometry=wide, pixels=pixels))
    assert not any(f"part {i}," in line for i in range(8) for line in told)


def test_shares_of_the_ninths_add_up_to_one():
    heat = np.random.default_rng(0).normal(size=(31, 47)).astype(np.float32)
    for sign in (1, -1):
        assert sum(place.share for place in ninths(heat, sign)) == pytest.approx(1)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2), (4, 7)])
def test_tiny_maps_are_divided_without_loss(size):
    assert sum(place.share for place in ninths(np.ones(size, np.float32), 1)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("y", "x", "name"),
    [(0, 0, "upper left"), (0.5, 0.5, "centre"), (0.5, 0.99, "middle right"), (1.0, 0.4, "lower centre")],
)
def test_places_have_names(y, x, name):
    assert name_of(y, x) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (8.3123, "8.31"), (-0.03121, "−0.0312"), (1239.6, "1\u202f240"), (999.7, "1\u202f000"),
        (3.1e-7, "3.1e-07"), (float("nan"), "not a number"), (float("-inf"), "−infinite"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_small_shares_and_probabilities_are_not_rounded_away():
    assert percent(0.0001) == "under 1%"
    assert percent(0.9999) == "over 99%"
    assert percent(0.0) == "0%"
    assert probability(0.9991) == "above 0.99"
    assert probability(1.0) == "1.00"
    assert probability(0.001) == "below 0.01"


def test_a_clip_is_described_by_its_middle_frame():
    values = np.stack([np.zeros((7, 7)), blobs(7, (0.1, 0.1, 0.1, 1.0)), np.zeros((7, 7))]).astype(np.float32)
    assert "strongest at the upper left" in summary(explanation(values=values, geometry=WHOLE))


def test_the_strongest_place_of_a_part_is_its_middle():
    values = np.zeros((4, 4), np.float32)
    values[0, 3] = 1.0
    told = summary(explanation(values=values.repeat(56, 0).repeat(56, 1), geometry=WHOLE, parts=with_parts().parts))
    x, y = (int(n) for n in told.split("around pixel x ")[1].split(".")[0].split(", y "))
    assert (x, y) == pytest.approx((451 * 7 / 8, 300 / 8), abs=10)


def test_of_two_equal_peaks_one_is_told_and_not_the_place_between_them():
    values = np.zeros((9, 9), np.float32)
    values[1, 1] = values[7, 7] = 1.0
    told = summary(explanation(values=values, geometry=WHOLE))
    assert "strongest at the upper left" in told or "strongest at the lower right" in told


def test_the_strongest_interaction_is_told_with_its_band_and_none_that_could_be_nothing():
    told = with_couples().summary()
    assert "Parts 0 and 15 interact most: together they are worth 0.4 ± 0.1 logit more than each by itself." in told
    parts = with_couples().parts
    doubtful = replace(with_couples(), parts=replace(parts, pairs_band=np.full((16, 16), 0.5, np.float32)))
    assert "is not known" in doubtful.summary()
    assert "interact" not in with_parts().summary()
