"""Rendered clips: the same from a seed, twins that differ in the cause alone, exact masks, frames and boxes."""

import numpy as np
import pytest
import torch

from seewhy.errors import BadOption
from seewhy.testing.as_found import left_as_found
from seewhy.testing.clips import TASKS, dataset, story_at
from seewhy.testing.clips.tasks import EVENT

KINDS = list(TASKS)
OPPOSITE = [1, 0, 3, 2]


@pytest.mark.parametrize("task", KINDS)
def test_a_set_is_the_same_every_time_and_the_start_of_a_longer_one(task):
    with left_as_found(torch.nn.Linear(1, 1)):
        first, again = dataset(task, 4), dataset(task, 8)
    assert first.stories == again.stories[:4]
    assert torch.equal(first.clips, again.clips[:4])
    assert torch.equal(first.clips[3], story_at(3, task=task).render())


def test_splits_seeds_and_tasks_share_no_story():
    stories = [
        story_at(index, seed, task=task, split=split)
        for seed in (0, 1)
        for split in ("train", "validation", "test")
        for task in KINDS
        for index in range(10)
    ]
    assert len({(story.actors, story.grain) for story in stories}) == len(stories) == 10 * 6 * len(KINDS)


@pytest.mark.parametrize("task", KINDS)
def test_classes_are_balanced_and_noise_never_leaves_the_range(task):
    classes = len(TASKS[task].classes)
    found = dataset(task, 4 * classes)
    assert found.clips.shape == (4 * classes, 3, 16, 32, 32)
    assert found.clips.min() > 0
    assert found.clips.max() < 1
    assert found.labels.bincount().tolist() == [4] * classes
    noise = found.clips[0] - story_at(0, task=task).frozen(8).render()
    still = story_at(0, task=task).truth().background.all(dim=0)
    assert noise[:, 0][:, still].std() == pytest.approx(0.02 * 2**0.5, rel=0.15)


# -- twins


@pytest.mark.parametrize("task", KINDS)
def test_a_twin_differs_where_the_cause_is_and_nowhere_else(task):
    for index in range(len(TASKS[task].classes)):
        story = story_at(index, 5, task=task)
        for label in (*range(len(TASKS[task].classes)), None):
            twin = story.twin(label)
            changed = (story.render() != twin.render()).any(dim=0)
            allowed = story.truth().mask | twin.truth().mask
            if task in ("direction", "speed"):  # what stands still has no mask, but it stands somewhere
                allowed |= twin.draw().mask("target")
            assert not (changed & ~allowed).any()
            same = label == story.label or (task == "event" and {label, story.label} == {0, None})
            assert changed.any() == (not same)
        assert story.twin(None).twin(story.label) == story


@pytest.mark.parametrize("task", KINDS)
def test_without_its_cause_a_story_has_none(task):
    truth = story_at(1, task=task).twin(None).truth()
    assert not truth.mask.any()
    assert not truth.frames.any()


def test_an_event_is_seen_in_three_frames_and_the_class_without_one_has_no_truth():
    for index in range(12):
        story = story_at(index, task="event")
        truth, figures = story.truth(), story.target.figures
        assert truth.frames.sum() == (0 if story.label == 0 else EVENT)
        wanted = [figure == ("ring", "cross")[story.label - 1] for figure in figures] if story.label else [False] * 16
        assert truth.frames.tolist() == wanted
        assert torch.equal(truth.mask.any(dim=(1, 2)), truth.frames)


def test_order_takes_both_events_and_they_never_touch():
    for index in range(40):
        story = story_at(index, task="order4")
        told = [figure for figure in story.target.figures if figure != "disc"]
        assert f"{told[0]}, {told[-1]}" == TASKS["order4"].classes[story.label]
        assert story.truth().frames.sum() == 2 * EVENT
        assert all(figure == "disc" for figure in (story.target.figures[0], story.target.figures[-1]))


def test_a_direction_played_backwards_is_the_opposite_one():
    for index in range(8):
        story = story_at(index, task="direction")
        backwards = np.array(story.target.places)[::-1]
        assert backwards == pytest.approx(np.array(story.twin(OPPOSITE[story.label]).target.places))


@pytest.mark.parametrize("task", ["direction", "speed"])
def test_the_middle_of_a_way_tells_no_class(task):
    story = story_at(2, task=task)
    middles = [story.twin(label).target.places[8] for label in (*range(len(TASKS[task].classes)), None)]
    reach = 0.42 / 15 / 2 if task == "direction" else 1e-9  # of 16 frames none is quite in the middle
    assert np.abs(np.array(middles) - middles[-1]).max() <= reach + 1e-9


def test_the_stripes_change_alone_and_the_shape_stays():
    story = story_at(1, task="shortcut")
    other = story.twin(0)
    assert other.actors == story.actors
    assert other.background.turn != story.background.turn
    assert not (story.truth().mask & ~story.draw().mask("background")).any()


# -- truth


def test_boxes_hold_the_target_tightly_and_follow_its_way():
    story = story_at(0, task="direction")
    seen, boxes = story.draw(64).mask("target"), story.truth(64).boxes
    for frame, (left, top, right, bottom) in enumerate(boxes.tolist()):
        inside = seen[frame, top:bottom, left:right]
        assert inside.sum() == seen[frame].sum()
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))
        middle = np.array([left + right, top + bottom]) / 2 / 64
        assert middle == pytest.approx(np.array(story.target.places[frame]), abs=1 / 64)


@pytest.mark.parametrize("task", KINDS)
def test_the_shares_of_a_pixel_add_up_and_the_mask_is_all_that_is_seen(task):
    story = story_at(0, 3, task=task)
    drawn = story.draw(24)
    assert drawn.names == ("background", "distractor", "target")
    assert torch.allclose(drawn.shares.sum(dim=0), torch.ones(16, 24, 24))
    assert torch.equal(drawn.image, story.render(24))
    without = story.without("distractor").render(24)
    changed = (drawn.image != without).any(dim=0)
    assert not (changed & ~drawn.mask("distractor")).any()
    assert changed.any()
    assert not (story.truth(24).background & (drawn.mask("target") | drawn.mask("distractor"))).any()


def test_a_clip_of_another_size_shows_the_same():
    story = story_at(1, task="event")
    small, large = story.render(32), story.render(96)
    shrunk = torch.nn.functional.avg_pool3d(large, (1, 3, 3))
    assert (small - shrunk).abs().mean() < 0.03
    assert story.render((24, 40)).shape == (3, 16, 24, 40)
    assert story_at(0, task="event", frames=9).render().shape == (3, 9, 32, 32)


# -- played otherwise


def test_a_story_played_otherwise_shows_the_same_frames_in_another_order():
    story = story_at(1, task="event")
    clip, truth = story.render(), story.truth()
    played = {
        tuple(range(15, -1, -1)): story.reversed(),
        (8,) * 16: story.frozen(),
        (3,) * 16: story.frozen(3),
        tuple(i // 2 for i in range(32)): story.slowed(2),
        tuple(range(16)) * 2: story.repeated(2),
        tuple(range(15, -1, -1)) * 2: story.reversed().repeated(),
    }
    for order, other in played.items():
        assert torch.equal(other.render(), clip[:, list(order)])
        assert torch.equal(other.truth().frames, truth.frames[list(order)])
    assert story.reversed().twin(2).moments == story.reversed().moments


def test_what_cannot_be_told_is_refused():
    with pytest.raises(BadOption, match=r"no task 'order'\. Did you mean 'order4'"):
        dataset("order", 4)
    with pytest.raises(BadOption, match="4 frames are too few for the task 'event'"):
        dataset("event", 4, frames=4)
    with pytest.raises(BadOption, match="no class 3"):
        story_at(0, task="event").twin(3)
    with pytest.raises(BadOption, match="no thing that can be left out 'target'"):
        story_at(0, task="event").without("target")
    with pytest.raises(BadOption, match="count=0"):
        dataset("event", 0)
