"""The table of edits on networks that have learned a rule: it names the rule, and what flips it."""

import numpy as np
import pytest

import seewhy
from seewhy.testing.clips import dataset


def tables(trained, task, count=8):
    """Tables of held-out clips of a task, the actor marked by its boxes."""
    network, held = trained(task=task).network, dataset(task, count, 5, split="test")
    return [
        seewhy.motion(
            network, clip, target=int(label), masks=story.truth().boxes.numpy(), rounds=0,
            preprocess=seewhy.Preprocess.plain(),
        )
        for clip, label, story in zip(held.clips, held.labels, held.stories, strict=True)
    ]  # fmt: skip


def mean(found, name):
    return np.mean([table.row(name).score for table in found])


def test_a_network_that_tells_directions_needs_more_than_a_frame_and_is_turned_round_backwards(trained_on_clips):
    found = tables(trained_on_clips, "direction")
    assert np.mean([table.whole for table in found]) > 0.9
    assert np.mean([table.motion_share for table in found]) > 0.5
    assert mean(found, "single frames") < 0.4  # a guess gets a quarter
    assert mean(found, "backwards") < 0.05
    assert sum(table.row("backwards").flips for table in found) == 8
    assert mean(found, "half speed") > 0.8
    assert all(table.order == "sensitive to frame order" for table in found)


@pytest.mark.slow  # trains a network of its own
def test_a_network_that_took_a_shortcut_keeps_its_score_without_the_actor(trained_on_clips):
    found = tables(trained_on_clips, "shortcut")
    assert mean(found, "background only") > 0.9
    assert mean(found, "actor only") < 0.6
    assert np.mean([table.motion_share for table in found]) < 0.2
    assert all(table.shortcut is not None for table in found)
    assert not any(table.order == "sensitive to frame order" for table in found)
