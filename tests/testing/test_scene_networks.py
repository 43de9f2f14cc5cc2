"""Networks that learn the scenes: well enough, the same every time, for the reasons that the rule gives."""

import pytest
import torch

import seewhy
from seewhy.domain.capability import Capability
from seewhy.errors import BadOption
from seewhy.models.adapt import adapt
from seewhy.testing.as_found import left_as_found
from seewhy.testing.scenes import RULES, dataset, trained, training
from seewhy.testing.scenes.networks import SceneCNN
from seewhy.testing.tiny_models import seeded

VARIED = ("tail", "feet", "beak", "wings", "eyes")


def chances(network, scenes, size=64):
    """Probability of each scene's own class."""
    with torch.no_grad():
        scores = network(torch.stack([scene.render(size) for scene in scenes])).softmax(dim=1)
    return scores[torch.arange(len(scenes)), [scene.label for scene in scenes]]


@pytest.fixture(scope="module")
def small_wings(trained):
    """A network for pictures of 32 pixels, in which the wings alone decide."""
    return trained("cnn", rule="wings", size=32, epochs=4)


@pytest.mark.parametrize("kind", ["cnn", "vit"])
def test_a_network_learns_the_birds(trained, kind):
    found = trained(kind)
    assert found.accuracy > 0.95
    assert not found.network.training
    fresh = dataset(200, seed=9, split="test")
    assert (found.network(fresh.images).argmax(dim=1) == fresh.labels).float().mean() > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cnn", "vit"])
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "every-part"])
def test_a_network_learns_every_other_rule(trained, rule, kind):
    assert trained(kind, rule=rule).accuracy > 0.95


@pytest.mark.parametrize("kind", ["cnn", "vit"])
def test_parts_that_decide_matter_and_what_lies_about_does_not(trained, kind):
    network, scenes = trained(kind).network, dataset(40, seed=3, split="test").scenes
    whole = chances(network, scenes)

    def drop(fewer):
        return (whole - chances(network, fewer)).abs().mean()

    others = [RULES["every-part"].classes[(scene.label + 4) % 8] for scene in scenes]  # shares two parts or fewer
    swapped = list(scenes)
    for part in RULES["every-part"].decisive:
        swapped = [scene.with_part(part, look[part]) for scene, look in zip(swapped, others, strict=True)]
    without_things = [scene.without(scene.things[0].name) for scene in scenes]
    bare = [scene.without("background") for scene in scenes]
    assert drop(swapped) > 0.9
    assert drop(swapped) > 10 * drop(without_things)
    assert drop(swapped) > 10 * drop(bare)


def test_where_the_wings_decide_the_network_needs_the_wings(small_wings):
    scenes = dataset(60, seed=3, rule="wings", split="test").scenes
    fewer = [[scene.without(part) for scene in scenes] for part in VARIED]
    drop = chances(small_wings.network, scenes, 32) - torch.stack([chances(small_wings.network, f, 32) for f in fewer])
    mean = dict(zip(VARIED, drop.mean(dim=1).tolist(), strict=True))
    assert mean["wings"] > 0.5
    assert all(abs(value) < 0.1 for part, value in mean.items() if part != "wings"), mean


def test_an_explanation_by_the_true_parts_finds_the_wings(small_wings):
    found = []
    for scene in dataset(8, seed=5, rule="wings", split="test").scenes:
        drawn = scene.draw(32)
        explained = seewhy.explain(
            small_wings.network,
            drawn.image,
            method="region-ablation",
            regions=seewhy.Given(drawn.labels),
            target=scene.label,
            preprocess=seewhy.Preprocess.plain(),
        )
        assert len(explained.parts.values) == len(drawn.owners)
        found.append(drawn.owners[int(explained.parts.values.argmax())])
    assert found.count("wings") >= 6, found


def test_the_transformer_offers_its_attention_and_its_tokens(trained):
    model = adapt(trained("vit").network)
    model.meet((3, 64, 64))
    assert Capability.ATTENTION | Capability.TOKENS | Capability.LAYERS in model.capabilities


def test_the_convolutional_network_offers_a_layer_that_is_only_pooled(small_wings):
    model = adapt(small_wings.network)
    model.meet((3, 32, 32))
    assert Capability.LAYERS | Capability.POOLING in model.capabilities


# -- the same every time


def quick(**options):
    scenes = dataset(100, rule="wings", size=16)
    network = seeded(lambda: SceneCNN(4, width=4))
    return training.fit(network, scenes.images, scenes.labels, epochs=2, **options).state_dict()


def test_training_is_the_same_every_time_and_leaves_the_world_alone():
    torch.set_num_threads(2)
    try:
        with left_as_found(torch.nn.Linear(1, 1)):
            first = quick()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    torch.rand(1)
    again, other = quick(), quick(seed=1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_a_network_is_trained_once_and_kept_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SCENES", {"wings": 60})
    options = {"rule": "wings", "size": 16, "epochs": 1, "folder": tmp_path / "new"}
    first = trained("cnn", **options)
    first.network.head.bias.data += 1
    training._learned.cache_clear()
    monkeypatch.setattr(training, "fit", None)
    again = trained("cnn", **options)
    assert again.accuracy == first.accuracy
    assert torch.equal(first.network.head.weight, again.network.head.weight)
    assert not torch.equal(first.network.head.bias, again.network.head.bias)  # what the first caller did is its own
    with pytest.raises(TypeError):
        trained("cnn", **{**options, "seed": 1})


def learned(scenes, **options):
    return training.fit(seeded(lambda: SceneCNN(len(scenes.rule.classes), 12)), scenes.images, scenes.labels, **options)


def test_a_network_trained_on_masked_images_bears_masks_better():
    scenes, held_out = dataset(400, rule="wings", size=32), dataset(100, rule="wings", size=32, split="test")
    cells = torch.rand(100, 1, 8, 8, generator=torch.Generator().manual_seed(1)) < 0.7
    hidden = torch.nn.functional.interpolate(cells.float(), size=(32, 32)) > 0.5
    images = torch.where(hidden, scenes.images.mean(dim=(0, 2, 3), keepdim=True), held_out.images)
    plain, masked = (learned(scenes, epochs=4, masked=masked) for masked in (False, True))
    gain = training.accuracy_of(masked, images, held_out.labels) - training.accuracy_of(plain, images, held_out.labels)
    assert gain > 0.1


def test_a_network_takes_a_shortcut_that_it_is_offered():
    offered = {"rule": "figures", "size": 32, "shortcut": "background"}
    network, told = learned(dataset(400, **offered), epochs=8), dataset(80, split="test", **offered)
    untold = dataset(80, rule="figures", size=32, split="test")
    assert training.accuracy_of(network, told.images, told.labels) > 0.9
    assert training.accuracy_of(network, untold.images, untold.labels) < 0.5


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(BadOption, match="no kind of network 'mlp'"):
        trained("mlp")
    with pytest.raises(BadOption, match=r"no rule 'wing'\. Did you mean 'wings'"):
        trained(rule="wing")
    with pytest.raises(BadOption, match="size=60"):
        trained("vit", size=60)
