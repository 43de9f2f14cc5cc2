"""Rendered scenes: the same from a seed, exact masks, classes and concepts that follow from the parts."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from seewhy.errors import BadOption
from seewhy.testing.as_found import left_as_found
from seewhy.testing.scenes import RULES, Background, Look, Scene, dataset
from seewhy.testing.scenes.drawing import Ellipse, Paper, Polygon, Pose, Stroke
from seewhy.testing.scenes.sampling import scene_at
from seewhy.testing.scenes.surroundings import Thing, watermark

SCENES = [*dataset(8).scenes, *dataset(4, rule="figures", shortcut="watermark").scenes]


def test_a_set_is_the_same_every_time_and_the_start_of_a_longer_one():
    with left_as_found(torch.nn.Linear(1, 1)):
        first, again = dataset(6, missing=0.3), dataset(12, missing=0.3)
    assert first.scenes == again.scenes[:6]
    assert torch.equal(first.images, again.images[:6])
    assert torch.equal(first.images[4], scene_at(4, missing=0.3).render())


def test_splits_and_seeds_share_no_scene():
    sets = [
        dataset(40, seed, split=split, size=8).scenes for seed in (0, 1) for split in ("train", "validation", "test")
    ]
    assert len({scene for scenes in sets for scene in scenes}) == 240


@pytest.mark.parametrize("rule", RULES)
def test_classes_are_balanced_and_images_are_between_black_and_white(rule):
    found = dataset(24, rule=rule)
    assert found.images.shape == (24, 3, 64, 64)
    assert 0 <= found.images.min() < 0.3
    assert 0.9 < found.images.max() <= 1
    assert set(found.labels.bincount().tolist()) == {24 // len(RULES[rule].classes)}


# -- drawing


@pytest.mark.parametrize(
    "form",
    [
        Ellipse((0.5, 0.5), (0.3, 0.12), 30),
        Ellipse((0.42, 0.47), (0.05, 0.05)),
        Polygon(((0.2, 0.3), (0.7, 0.25), (0.6, 0.8))),
        Polygon(((0.2, 0.3), (0.3, 0.7), (0.7, 0.6), (0.6, 0.2))),
    ],
)
def test_a_form_covers_of_each_pixel_what_counting_finer_points_finds(form):
    pose, side, fine = Pose(0.55, 0.5, 0.9, 20, left=True), 32, 20
    placed = form.placed(Pose(0, 0)).placed(pose)
    covered = Paper(side, side).paint(np.zeros((1, side, side), np.float32), [Stroke(placed, (1.0,))])[0]
    points = (np.arange(side * fine) + 0.5) / (side * fine)
    inside = _inside(form, pose, *np.meshgrid(points, points))
    counted = inside.reshape(side, fine, side, fine).mean(axis=(1, 3))
    assert np.abs(covered - counted).max() < 0.17  # at a sharp corner the nearest edge stands for both
    assert abs(covered.sum() / counted.sum() - 1) < 0.06  # the smallest is three pixels across


def _inside(form, pose, x, y):
    """Undo the pose, then the form's own equation."""
    angle = np.radians(pose.turn)
    u, v = (x - pose.x) / pose.size, (y - pose.y) / pose.size
    u, v = -(u * np.cos(angle) + v * np.sin(angle)), v * np.cos(angle) - u * np.sin(angle)
    if isinstance(form, Ellipse):
        turn = np.radians(form.turn)
        u, v = u - form.centre[0], v - form.centre[1]
        along, across = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn)
        return (along / form.radii[0]) ** 2 + (across / form.radii[1]) ** 2 <= 1
    corners = form.corners
    sides = [
        (b[0] - a[0]) * (v - a[1]) - (b[1] - a[1]) * (u - a[0])
        for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)
    ]
    return np.all([side >= 0 for side in sides], axis=0) | np.all([side <= 0 for side in sides], axis=0)


@pytest.mark.parametrize("scene", SCENES[:3], ids=lambda scene: scene.kind.name)
def test_a_scene_looks_the_same_in_every_size(scene):
    small, large = scene.render(64), functional.avg_pool2d(scene.render(256)[None], 4)[0]
    assert (small - large).abs().mean() < 0.004


def test_a_picture_may_be_wide_or_high():
    scene = SCENES[0]
    assert scene.render((40, 96)).shape == (3, 40, 96)
    middle = scene.with_background(Background()).render((40, 96))[:, :, 28:68]
    assert torch.equal(middle, scene.with_background(Background()).render(40))


def test_looking_left_is_the_mirror_image_of_looking_right():
    right = Scene(SCENES[0].parts, Pose(turn=10))
    left = replace(right, pose=replace(right.pose, turn=-10, left=True))
    assert torch.allclose(left.render().flip(-1), right.render(), atol=1e-5)


# -- masks


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.kind.name)
def test_each_pixel_is_shared_out_completely(scene):
    drawn = scene.draw()
    assert torch.equal(drawn.image, scene.render())
    assert drawn.names == scene.names
    assert drawn.shares.min() >= 0
    assert torch.allclose(drawn.shares.sum(dim=0), torch.ones(64, 64), atol=1e-5)
    assert torch.stack([drawn.mask(name) for name in drawn.names]).any(dim=0).all()
    assert drawn.owners == tuple(n for i, n in enumerate(drawn.names) if (drawn.labels == i).any())


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.kind.name)
def test_taking_something_away_changes_the_pixels_of_its_mask_and_no_others(scene):
    drawn = scene.draw()
    for name in scene.names:
        changed = (scene.without(name).render() != drawn.image).any(dim=0)
        assert not (changed & ~drawn.mask(name)).any(), name
        if name != "background":
            own = drawn.shares[drawn.names.index(name)]
            assert changed.sum() > 0.5 * (own > 0.5).sum(), name


def test_what_is_hidden_has_an_empty_mask_and_leaves_no_trace():
    scene = SCENES[0].with_thing(Thing("stone", "stone", "black", replace(SCENES[0].pose, size=0.1)))
    assert not scene.draw().mask("stone").any()
    assert torch.equal(scene.render(), scene.without("stone").render())


def test_a_new_look_changes_only_where_the_old_or_the_new_part_is_seen():
    scene = SCENES[0]
    other = scene.with_part("beak", Look("hooked", "blue"))
    changed = (scene.render() != other.render()).any(dim=0)
    assert changed.sum() > 20
    assert not (changed & ~scene.draw().mask("beak") & ~other.draw().mask("beak")).any()


# -- classes and concepts


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_the_label_follows_from_the_parts_that_are_there(rule, missing):
    found = dataset(48, rule=rule, missing=missing, size=8)
    assert [found.rule.label(scene) for scene in found.scenes] == found.labels.tolist()
    thinned = sum(len(scene.parts) < len(scene.kind.parts) for scene in found.scenes)
    assert (thinned > 10) == (missing > 0)


def test_two_classes_of_birds_share_at_most_two_of_five_parts():
    classes = RULES["every-part"].classes
    shared = [sum(a[p] == b[p] for p in a) for i, a in enumerate(classes) for b in classes[:i]]
    assert max(shared) == 2
    assert all(len(wanted) == 5 for wanted in classes)


def test_where_the_wings_decide_nothing_else_does():
    rule, scene = RULES["wings"], scene_at(0, rule="wings")
    assert rule.decisive == ("wings",)
    for part in ("tail", "feet", "beak", "eyes"):
        assert rule.label(scene.without(part)) == 0
        assert rule.label(scene.with_part(part, scene.kind.looks[part][3])) == 0
    assert rule.label(scene.without("wings")) is None
    assert rule.label(scene.with_part("wings", scene.kind.looks["wings"][2])) == 2


def test_several_parts_are_each_enough_to_leave_others_out():
    rule, scene = RULES["every-part"], scene_at(5)
    for part in rule.decisive:
        assert rule.label(scene.without(part)) == 5
    assert rule.label(scene.with_part("beak", Look("short", "pink"))) is None


def test_concepts_say_the_form_and_the_colour_of_each_part():
    found = dataset(8)
    for scene, row in zip(found.scenes, found.concepts, strict=True):
        true = {name for name, holds in zip(found.concept_names, row.tolist(), strict=True) if holds}
        expected = {
            f"{word} {part}" for part, look in scene.parts if part != "body" for word in (look.form, look.colour)
        }
        assert true == expected
    scene = found.scenes[0].with_part("wings", Look("raised", "red")).without("beak")
    true = {name for name, holds in zip(found.concept_names, scene.concepts, strict=True) if holds}
    assert {"raised wings", "red wings"} <= true
    assert not any(name.endswith("beak") or name == "round wings" for name in true)


def test_what_lies_about_tells_nothing_about_the_class():
    scenes = [scene_at(i, rule="wings") for i in range(1200)]
    for kind in ("stone", "leaf", "cloud"):
        has = np.array([any(thing.kind == kind for thing in scene.things) for scene in scenes])
        by_class = np.array([has[label::4].mean() for label in range(4)])
        spread = 4 * np.sqrt(has.mean() * (1 - has.mean()) / 300)
        assert np.abs(by_class - has.mean()).max() < spread


# -- shortcuts


def test_a_shortcut_points_to_the_class_as_often_as_was_asked():
    for strength, expected in ((1.0, 1.0), (0.6, 0.6 + 0.4 / 4), (0.0, 0.25)):
        scenes = [scene_at(i, rule="wings", shortcut="watermark", strength=strength) for i in range(600)]
        right = np.mean([scene.things[-1] == watermark(scene.label) for scene in scenes])
        assert abs(right - expected) < 4 * np.sqrt(0.25 / 600)


def test_a_telling_background_is_the_same_for_a_class_and_another_for_each():
    found = dataset(16, shortcut="background", size=8)
    assert len({(scene.background, scene.label) for scene in found.scenes}) == 8
    assert len({scene.background for scene in found.scenes}) == 8


# -- clips


def test_in_a_clip_the_subject_moves_and_all_else_stands_still():
    scene = SCENES[0]
    clip = scene.clip(5, 48, across=0.2, down=-0.1)
    assert clip.image.shape == (3, 5, 48, 48)
    assert clip.shares.shape == (len(scene.names), 5, 48, 48)
    assert torch.equal(clip.image[:, 2], scene.render(48))
    assert torch.equal(clip.image[:, 4], scene.moved(0.1, -0.05).render(48))
    subject = clip.shares[[i for i, n in enumerate(clip.names) if n in scene.kind.parts]].sum(dim=0) > 0
    still = ~subject.any(dim=0)
    assert torch.equal(clip.image[:, 0, still], clip.image[:, -1, still])
    columns = torch.arange(48.0)
    middle = [(subject[t].sum(dim=0) * columns).sum() / subject[t].sum() for t in (1, 3)]
    assert 3 < middle[1] - middle[0] < 6.5  # 0.1 of 48 pixels; the border hides some


# -- refusals


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: SCENES[0].without("hat"), "no part or thing here named 'hat'"),
        (lambda: SCENES[0].draw().mask("watermark"), "no part or thing here named 'watermark'"),
        (lambda: SCENES[0].with_part("hat", Look("round", "red")), "no part 'hat'"),
        (lambda: SCENES[0].with_part("wings", Look("rond", "red")), "Did you mean 'round'"),
        (lambda: SCENES[0].with_part("wings", Look("round", "mauve")), "no colour 'mauve'"),
        (lambda: Background("striped"), "no background 'striped'"),
        (lambda: Background("plain", "red"), "no background colour 'red'"),
        (lambda: dataset(4, rule="beaks"), "no rule 'beaks'"),
        (lambda: dataset(4, split="tset"), "Did you mean 'test'"),
        (lambda: dataset(4, shortcut="border"), "no shortcut 'border'"),
        (lambda: dataset(4, missing=1.5), "missing=1.5 is no chance"),
        (lambda: dataset(0), "A set of 0 scenes is empty"),
        (lambda: SCENES[0].render(4), "4x4 pixels is too small"),
        (lambda: SCENES[0].clip(0), "frames=0 is not possible"),
    ],
)
def test_what_cannot_be_drawn_is_refused(ask, said):
    with pytest.raises(BadOption) as raised:
        ask()
    assert said in raised.value.problem
