"""What a model says to edits of a clip, on models whose answers can be computed by hand."""

import json
import math

import numpy as np
import pytest
import torch

import seewhy
from inputs.little_videos import moving_square
from run.clip_networks import Event, Small, appearance, background, direction, moving_red, order_blind, sigmoid_pair
from seewhy.domain import edits
from seewhy.engine.control import Control
from seewhy.errors import BadOption, BadPixels, Cancelled

CLIP, THING = moving_red()


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def score(table, name):
    return table.row(name).score


def test_a_direction_is_told_by_no_single_frame_and_turns_round_backwards():
    table = seewhy.motion(direction, CLIP)
    assert table.answer == "class 0"
    assert table.whole == pytest.approx(sigmoid(7))  # seven steps of one pixel
    assert table.stills == pytest.approx([0.5] * 8)
    assert table.motion_share == pytest.approx(1)
    assert score(table, "frozen") == pytest.approx(sigmoid(4))
    assert score(table, "backwards") == pytest.approx(sigmoid(-7))
    assert table.row("backwards").answers == ("class 1",)
    assert score(table, "half speed") == pytest.approx(sigmoid(3))  # frames 2 to 5
    assert score(table, "double speed") == pytest.approx(sigmoid(6))  # frames 1 to 7, twice
    assert "not sufficient as a still clip (motion share 1; the whole clip gives 0.999, by chance 0.5)" in str(table)


def test_each_shuffled_order_has_the_score_that_its_ends_have():
    table = seewhy.motion(direction, CLIP, draws=30)  # 23 other orders of four pieces: all of them
    wanted = [sigmoid((2 * order[-1] + 1) - 2 * order[0]) for order in edits.orders(4, 30)]
    row = table.row("shuffled")
    assert row.scores == pytest.approx(wanted, abs=1e-6)
    assert row.every
    assert row.flips == sum(p < 0.5 for p in wanted)
    effect = table.order_effect
    assert effect.low == effect.high == pytest.approx(sigmoid(7) - np.mean(wanted), abs=1e-6)
    assert table.order == "sensitive to frame order"


def test_an_order_that_is_drawn_has_an_interval_that_holds_the_mean_of_all():
    drawn = seewhy.motion(direction, CLIP, draws=16, rounds=0)
    effect = drawn.order_effect
    assert effect.count == 16
    assert effect.low < seewhy.motion(direction, CLIP, draws=30, rounds=0).order_effect.value < effect.high
    assert drawn.order == "sensitive to frame order"


def test_few_draws_leave_it_open_whether_order_counts():
    table = seewhy.motion(direction, CLIP, draws=4, rounds=0)
    assert math.isinf(table.order_effect.high)
    assert table.order == "not known"
    assert "whether order counts is not known" in str(table)


def test_shuffling_changes_nothing_where_order_cannot_matter():
    clip = torch.rand(3, 12, 6, 6, generator=torch.Generator().manual_seed(0))
    table = seewhy.motion(order_blind, clip)
    effect = table.order_effect
    assert effect.low - 1e-6 <= 0 <= effect.high + 1e-6
    assert effect.high - effect.low < 1e-5
    assert table.order == "order changes nothing"
    assert score(table, "backwards") == pytest.approx(table.whole, abs=1e-6)
    assert table.row("shuffled").flips == 0


def test_one_frame_is_enough_for_an_appearance():
    clip = CLIP.clone()
    clip[0, [0, 1, 2, 4, 5, 6, 7]] = 0  # red in one frame only
    table = seewhy.motion(appearance, clip)
    assert table.best == 3
    assert table.motion_share == pytest.approx(0, abs=1e-6)
    assert table.suffice == 1
    assert table.needed == 1  # and without it all is lost
    assert "one frame is enough" in str(table)


def test_frames_that_all_show_it_are_redundant():
    table = seewhy.motion(appearance, CLIP)
    assert table.suffice == 1
    assert table.needed is None
    assert table.frames.lost == pytest.approx([table.whole] * 8)
    assert "its frames are redundant" in str(table)


def test_two_frames_are_found_where_it_takes_the_two_ends():
    table = seewhy.motion(direction, CLIP)
    assert table.frames.searched == 2
    assert table.suffice == 2
    first, second = table.frames.order[:2]
    assert second > first
    assert table.frames.kept[1] == pytest.approx(sigmoid(second - first))


def test_the_curves_of_frames_are_those_of_a_slow_re_derivation():
    torch.manual_seed(0)
    network, clip = Small().eval(), torch.rand(3, 6, 8, 8, generator=torch.Generator().manual_seed(2))
    table = seewhy.motion(network, clip, segments=3, rounds=2)
    index = int(table.answer.split()[-1])

    def asked(frames):
        kept = torch.zeros(6, dtype=torch.bool)
        kept[list(frames)] = True
        with torch.no_grad():
            return float(network(edits.cut(clip, kept, edits.CUTS["frozen"])[None]).softmax(1)[0, index])

    order = table.frames.order
    assert sorted(order) == list(range(6))
    assert order[0] == max(range(6), key=lambda i: asked([i]))
    if table.frames.searched == 2:
        assert order[1] == max(set(range(6)) - {order[0]}, key=lambda i: asked([order[0], i]))
    assert table.frames.kept == pytest.approx([asked(order[:k]) for k in range(1, 7)], abs=1e-5)
    assert table.frames.lost == pytest.approx([asked(order[k:]) for k in range(6)], abs=1e-5)


# -- background


def test_a_background_reader_keeps_its_score_without_the_actor_and_loses_it_in_another_scene():
    scene = torch.zeros_like(CLIP)
    table = seewhy.motion(background, CLIP, masks=THING, scene=scene)
    assert score(table, "background only") == pytest.approx(table.whole, abs=1e-6)
    assert score(table, "actor only") == pytest.approx(table.whole, abs=1e-6)  # its mean colour is as green
    assert score(table, "other background") == pytest.approx(sigmoid(-1))
    assert table.row("other background").answers == ("class 1",)
    assert table.shortcut == pytest.approx(1)
    assert "it may decide" in str(table)


def test_a_model_of_the_actor_says_nothing_about_the_background():
    table = seewhy.motion(appearance, CLIP, masks=THING)
    assert score(table, "background only") == pytest.approx(sigmoid(-2))
    assert score(table, "actor only") == pytest.approx(table.whole, abs=1e-6)
    assert table.shortcut is None
    assert "it may decide" not in str(table)


def test_boxes_of_the_original_frames_are_the_masks_that_they_enclose():
    frames = moving_square(16, (40, 60), 12)
    boxes = []
    for frame in frames:
        rows, columns = np.nonzero((frame == (220, 30, 30)).all(axis=2))
        boxes.append((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    masks = np.array([(frame == (220, 30, 30)).all(axis=2) for frame in frames])
    wants = seewhy.Preprocess.of(size=20, mean=0.0, std=1.0, pace=seewhy.Pace(8))
    asked = {"preprocess": wants, "rounds": 0}
    for given in (boxes, masks, masks[1::2]):  # every frame of the original, or those that the model sees
        table = seewhy.motion(Event(), seewhy.Clip(frames, fps=8), masks=given, **asked)
        found = [score(table, "background only"), score(table, "actor only")]
        first = found if given is boxes else first
        assert found == first
    with pytest.raises(BadPixels, match="has shape"):
        seewhy.motion(Event(), seewhy.Clip(frames, fps=8), masks=masks[:5], **asked)


def test_what_is_always_hidden_is_said_to_be_made_up():
    still = np.zeros(CLIP.shape[1:], bool)
    still[:, 3:5, 3:5] = True
    table = seewhy.motion(appearance, CLIP, masks=still, rounds=0)
    assert any("100% of the actor's pixels show no background" in note for note in table.notes)


@pytest.mark.parametrize("masks", [np.zeros(CLIP.shape[1:], bool), np.ones(CLIP.shape[1:], bool)])
def test_masks_of_nothing_and_of_everything_are_refused(masks):
    with pytest.raises(BadPixels, match="masks mark"):
        seewhy.motion(appearance, CLIP, masks=masks)


def test_a_scene_without_an_actor_is_refused():
    with pytest.raises(BadOption, match="not where the actor is"):
        seewhy.motion(appearance, CLIP, scene=CLIP)


# -- cost, scales, refusals


@pytest.mark.parametrize("rounds", [0, 1, 2, 3])
def test_it_asks_exactly_what_it_announces(rounds):
    clip = torch.rand(3, 10, 8, 8, generator=torch.Generator().manual_seed(2))

    def changes(clips):  # each frame that differs from the one before counts: two or three of ten are not enough
        return sigmoid_pair(4 * clips[:, 0].diff(dim=1).abs().mean((1, 2, 3)) + clips[:, 1].mean((1, 2, 3)) - 0.5)

    seen = []
    table = seewhy.motion(changes, clip, rounds=rounds, progress=lambda done, expected: seen.append((done, expected)))
    assert table.cost == table.expected
    assert seen[-1] == (table.cost.calls, table.cost.calls)
    if not rounds:
        assert table.cost.forward == 1 + 10 + 2 + 16 + 2
        assert table.frames is None


def test_what_looks_the_same_is_asked_about_once():
    table = seewhy.motion(order_blind, torch.full((3, 8, 6, 6), 0.5))
    assert table.cost.forward == 1  # all edits of a clip that never changes are the clip
    assert table.order == "order changes nothing"


def test_a_class_without_a_score_above_chance_has_no_share():
    table = seewhy.motion(direction, CLIP, target=1)
    assert table.whole == pytest.approx(sigmoid(-7))
    assert table.motion_share is None
    assert table.suffice is None
    assert "nothing follows from that" in str(table)


def test_other_scales_have_no_chance_and_values_no_answer():
    logits = seewhy.motion(direction, CLIP, scale="logit")
    assert (logits.chance, logits.whole) == (None, pytest.approx(7))
    value = seewhy.motion(seewhy.adapt(lambda clips: clips.mean((1, 2, 3, 4))[:, None], task="regression"), CLIP)
    assert value.answer == ""
    assert all(row.flips == 0 for row in value.rows)


def test_a_single_output_says_yes_or_no():
    table = seewhy.motion(lambda clips: direction(clips)[:, :1], CLIP)
    assert table.chance == 0.5
    assert table.whole == pytest.approx(sigmoid(7))
    assert table.answer == "class 0"
    assert table.row("backwards").answers == ("not class 0",)


@pytest.mark.parametrize(
    ("clip", "asked", "error", "words"),
    [
        (torch.rand(3, 8, 8), {}, BadPixels, "nothing moves in it"),
        (torch.rand(3, 1, 8, 8), {}, BadPixels, "nothing moves in it"),
        (CLIP, {"segments": 9}, BadOption, "cannot be cut into 9 segments"),
        (CLIP, {"segments": 1}, BadOption, "segments=1"),
        (CLIP, {"draws": 0}, BadOption, "draws=0"),
        (CLIP, {"rounds": -1}, BadOption, "rounds=-1"),
    ],
)
def test_what_makes_no_sense_is_refused(clip, asked, error, words):
    with pytest.raises(error, match=words):
        seewhy.motion(direction, clip, preprocess=seewhy.Preprocess.plain(), **asked)


def test_a_run_can_be_cancelled():
    control = Control(progress=lambda done, expected: control.cancel())
    with pytest.raises(Cancelled):
        seewhy.motion(direction, CLIP, control=control)


def test_the_json_holds_every_number():
    assert seewhy.motion(direction, CLIP, draws=4, rounds=0).to_json()["order"]["effect"]["high"] == "inf"
    table = seewhy.motion(direction, CLIP, masks=THING)
    found = json.loads(json.dumps(table.to_json()))
    assert found["schema"]["name"] == "seewhy-motion"
    assert [row["name"] for row in found["rows"]] == [row.name for row in table.rows]
    assert found["rows"][1]["scores"] == list(table.stills)
    assert found["motion_share"] == table.motion_share
    assert found["frames"]["suffice"] == 2
    assert found["summary"] == table.summary().split("\n")


def test_the_same_seed_gives_the_same_table():
    first, again = (seewhy.motion(direction, CLIP, rounds=0, seed=3) for _ in range(2))
    assert [row.scores for row in first.rows] == [row.scores for row in again.rows]
    other = seewhy.motion(direction, CLIP, rounds=0, seed=4)
    assert other.row("shuffled").scores != first.row("shuffled").scores
