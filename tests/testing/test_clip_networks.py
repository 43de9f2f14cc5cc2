"""Networks that learn the clips: well enough, the same every time, for the reasons that the task gives."""

import pytest
import torch

from seewhy.domain.capability import Capability
from seewhy.errors import BadOption
from seewhy.models.adapt import adapt
from seewhy.testing.as_found import left_as_found
from seewhy.testing.clips import TASKS, dataset, trained, training

OPPOSITE = torch.tensor([1, 0, 3, 2])  # directions
TURNED = torch.tensor([0, 2, 1, 3])  # pairs of events
SLOW = [("frames", "event"), ("frames", "order4"), ("frames", "shortcut"), ("frames", "appearance")]
SLOW += [("vit", "direction"), ("vit", "event"), ("vit", "appearance"), ("vit", "shortcut")]
SLOW += [("cnn", "order4"), ("cnn", "appearance"), ("cnn", "shortcut"), ("cnn", "speed")]


def chances(network, stories):
    """Probability of each class."""
    with torch.no_grad():
        return network(torch.stack([story.render() for story in stories])).softmax(dim=1)


def accuracy(network, stories, labels):
    return (chances(network, stories).argmax(dim=1) == labels).float().mean().item()


def held_out(task, count=80):
    found = dataset(task, count, seed=9, split="test")
    return found.stories, found.labels


@pytest.mark.parametrize("task", ["direction", "event"])
def test_a_network_learns_from_clips(trained_on_clips, task):
    found = trained_on_clips(task=task)
    assert found.accuracy >= 0.9
    assert not found.network.training
    assert accuracy(found.network, *held_out(task, 120)) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "task"), SLOW)
def test_every_other_network_learns_too(trained_on_clips, kind, task):
    assert trained_on_clips(kind, task=task).accuracy >= 0.9


def test_a_direction_needs_motion_and_backwards_it_is_the_opposite(trained_on_clips):
    network, (stories, labels) = trained_on_clips(task="direction").network, held_out("direction")
    frozen = chances(network, [story.frozen() for story in stories])[range(len(stories)), labels]
    assert abs(frozen.mean() - 1 / 4) < 0.1
    backwards = [story.reversed() for story in stories]
    assert accuracy(network, backwards, labels) < 0.05
    assert accuracy(network, backwards, OPPOSITE[labels]) >= 0.9


def test_an_event_is_missed_when_it_is_taken_away_and_not_when_the_clip_runs_backwards(trained_on_clips):
    network, (stories, labels) = trained_on_clips(task="event").network, held_out("event")
    told = [story for story in stories if story.label]
    whole, gone = (chances(network, clips) for clips in (told, [story.twin(None) for story in told]))
    where = torch.tensor([story.label for story in told])
    assert (whole - gone)[range(len(told)), where].mean() > 0.7
    assert accuracy(network, [story.reversed() for story in stories], labels) >= 0.9
    plain = chances(network, [story.without("distractor") for story in told])
    assert (whole - plain).abs()[range(len(told)), where].mean() < 0.15


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnn", "frames", "vit"])
def test_offered_stripes_a_network_looks_at_nothing_else(trained_on_clips, kind):
    network, (stories, labels) = trained_on_clips(kind, task="shortcut").network, held_out("shortcut")
    others = (labels + 1) % 3
    swapped = [story.twin(other) for story, other in zip(stories, others.tolist(), strict=True)]
    assert accuracy(network, swapped, labels) < 0.2  # chance is a third
    assert accuracy(network, [story.twin(None) for story in stories], labels) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnn", "frames"])
def test_order_backwards_is_the_turned_pair(trained_on_clips, kind):
    network, (stories, labels) = trained_on_clips(kind, task="order4").network, held_out("order4")
    backwards = [story.reversed() for story in stories]
    assert accuracy(network, backwards, TURNED[labels]) >= 0.85
    assert accuracy(network, backwards, labels) == pytest.approx(0.5, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnn", "frames", "vit"])
def test_a_shape_is_known_from_one_frame(trained_on_clips, kind):
    network, (stories, labels) = trained_on_clips(kind, task="appearance").network, held_out("appearance")
    assert accuracy(network, [story.frozen() for story in stories], labels) >= 0.9


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("cnn", Capability.LAYERS | Capability.POOLING),
        ("vit", Capability.LAYERS | Capability.ATTENTION | Capability.TOKENS),
    ],
)
def test_the_networks_offer_what_is_inside_them(kind, wanted):
    model = adapt(training.NETWORKS[kind](3).eval())
    model.meet((3, 16, 32, 32))
    assert wanted in model.capabilities


def test_a_frame_transformer_takes_any_number_of_frames():
    network = training.NETWORKS["frames"](3).eval()
    for frames in (1, 5, 32):
        assert network(torch.rand(2, 3, frames, 32, 32)).shape == (2, 3)


# -- the same every time


def test_lessons_are_the_same_every_time_and_leave_the_world_alone():
    plan = (("appearance", 2, 2), ("direction", 4, 2))
    torch.set_num_threads(2)
    try:
        with left_as_found(torch.nn.Linear(1, 1)):
            first = training.taught("cnn", plan)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    torch.rand(1)
    again, other = training.taught("cnn", plan), training.taught("cnn", plan, seed=1)
    assert first.head.out_features == 4
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.head.weight, other.head.weight)


def test_a_network_is_taught_once_and_kept_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "LESSONS", {"speed": (("speed", 4, 1),)})
    monkeypatch.setattr(training, "HELD_OUT", 6)
    options = {"task": "speed", "seed": 77, "folder": tmp_path / "new"}
    first = trained("cnn", **options)
    first.network.head.bias.data += 1
    training._learned.cache_clear()
    monkeypatch.setattr(training, "taught", None)
    again = trained("cnn", **options)
    assert again.accuracy == first.accuracy
    assert torch.equal(first.network.head.weight, again.network.head.weight)
    assert not torch.equal(first.network.head.bias, again.network.head.bias)  # what the first caller did is its own
    with pytest.raises(TypeError):
        trained("cnn", **{**options, "seed": 78})


def test_what_cannot_be_taught_is_refused():
    with pytest.raises(BadOption, match="no kind of network 'lstm'"):
        trained("lstm")
    with pytest.raises(BadOption, match=r"no task 'events'\. Did you mean 'event'"):
        trained(task="events")
    assert set(training.LESSONS) == set(TASKS)
