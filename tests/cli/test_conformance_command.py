"""`seewhy conformance`: tables, JSON and exit codes."""

import json

import pytest

from seewhy.cli.main import run

OWN = """
def wrong(network, images, targets):
    return images * 0 + 1
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN, encoding="utf-8")
    return f"{path}:wrong"


def test_claims_that_hold_end_with_zero(capsys):
    assert run(["conformance", "occlusion", "--level", "C1", "--level", "C8"]) == 0
    assert "✓ holds" in capsys.readouterr().out


def test_a_claim_that_does_not_hold_ends_with_one_and_is_named(own, capsys):
    assert run(["conformance", own, "--claims", "proportional, dummy", "--level", "linear"]) == 1
    told = capsys.readouterr()
    assert "✗ fails" in told.out
    assert own in told.err


def test_what_is_not_claimed_is_no_failure(own, capsys):
    assert run(["conformance", own, "--level", "linear"]) == 0
    assert "does not hold" in capsys.readouterr().out


def test_json_is_one_document_of_all_explainers(own, capsys):
    assert run(["conformance", own, "saliency", "--level", "C1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == {"name": "seewhy-conformance", "version": 1}
    first, second = document["explainers"]
    assert (first["explainer"], second["explainer"]) == (own, "saliency")
    assert first["levels"][0]["number"] > first["levels"][0]["number"] * 0 == 0
    assert "shift-invariant" in second["claims"]


def test_levels_that_do_not_apply_are_gathered_with_the_reason(capsys):
    assert run(["conformance", "grad-cam", "--level", "C1", "--level", "C2"]) == 0
    assert "does not apply: C1 linear, C2 additive: Method 'grad-cam' needs layers" in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.parametrize("arguments", [["nope"], ["occlusion", "--claims", "nope"], ["occlusion", "--level", "C99"]])
def test_unknown_words_end_with_two(arguments):
    assert run(["conformance", *arguments]) == 2
