"""A copy that has forgotten everything: all parameters, the person's network and global randomness untouched."""

import pytest
import torch
import torchvision
from image_networks import build, pictures
from torch import nn

from seewhy.errors import MissingCapability
from seewhy.models.adapt import adapt
from seewhy.models.randomised import randomised, settling, top_down
from seewhy.testing.as_found import left_as_found
from seewhy.testing.tiny_models import pictures as smooth
from seewhy.testing.tiny_models import plain_function, tiny_cnn, tiny_vit

FAMILIES = (
    "torchvision ResNet",
    "torchvision ViT",
    "torchvision Swin",
    "torchvision ConvNeXt",
    "timm ViT",
    "timm register ViT",
    "timm attention-pool ViT",
    "timm ConvNeXt",
    "timm hybrid",
    "Hugging Face ViT",
    "Hugging Face BEiT",
)


def trained(module):
    """As after training: no parameter is at the value that it was initialised with."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.02 * torch.randn(parameter.shape, generator=generator)
    return module.eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_number_of_every_parameter_changes(family):
    module = trained(build(family))
    made = dict(randomised(module, seed=0).named_parameters())
    assert made.keys() == dict(module.named_parameters()).keys()
    for name, parameter in module.named_parameters():
        assert bool((parameter != made[name]).all()), f"some of {name} stayed"
        assert bool(torch.isfinite(made[name]).all())


def test_resetting_modules_alone_would_leave_a_quarter_of_a_vision_transformer():
    with torch.device("meta"):
        module = torchvision.models.vit_b_16()
    reset = [part for part in module.modules() if hasattr(part, "reset_parameters")]
    owned = sum(p.numel() for part in reset for p in part.parameters(recurse=False))
    whole = sum(p.numel() for p in module.parameters())
    assert (whole - owned) / whole == pytest.approx(0.247, abs=0.001)


@pytest.mark.parametrize("family", ["torchvision ResNet", "torchvision ViT", "timm ViT", "Hugging Face ViT"])
def test_a_randomised_network_still_tells_images_apart(family):
    images = pictures(family, 3)
    model = adapt(trained(build(family)))
    with torch.no_grad():
        found = model.randomised(images, seed=0)(images)
    assert float((found[0] - found[1]).abs().max()) > 1e-4 * float(found.abs().max())


@pytest.mark.parametrize("network", [tiny_cnn, tiny_vit])
def test_the_network_and_global_randomness_are_left_as_found(network):
    module, images = network(), smooth(4, 3, 24, 24)
    with left_as_found(module):
        adapt(module).randomised(images, seed=0)
        adapt(module).top_down(images[:1])


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    module = tiny_vit()
    first, again, other = (nn.utils.parameters_to_vector(randomised(module, seed=s).parameters()) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert float((first == other).float().mean()) < 0.2  # norms go back to ones and zeros


def test_parameters_that_modules_share_stay_shared():
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    module[1].weight = module[0].weight
    made = randomised(module, seed=0)
    assert made[0].weight is made[1].weight
    assert bool((made[0].weight != module[0].weight).all())


def test_a_parameter_that_no_module_resets_is_redrawn_with_its_own_mean_and_spread():
    module = nn.Module()
    module.places = nn.Parameter(3 + 0.5 * torch.randn(1, 5000, generator=torch.Generator().manual_seed(0)))
    module.scale, module.zero = nn.Parameter(torch.full((9,), 2.0)), nn.Parameter(torch.zeros(3))
    made = randomised(module, seed=0).requires_grad_(False)
    assert float(made.places.mean()) == pytest.approx(3, abs=0.05)
    assert float(made.places.std()) == pytest.approx(0.5, abs=0.05)
    assert bool(((made.scale >= 1) & (made.scale < 3) & (made.scale != 2)).all())
    assert not bool(made.zero.any())


def test_running_statistics_become_those_of_the_images():
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    images = torch.rand(6, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    made = adapt(module).randomised(images, seed=0).module
    seen = made[0](images)
    assert float(made[1].running_mean) == pytest.approx(float(seen.mean()), abs=1e-6)
    assert float(made[1].running_var) == pytest.approx(float(seen.var()), rel=1e-5)
    assert not made[1].training
    assert made[1].momentum == module[1].momentum


def test_norms_are_given_back_when_the_network_raises():
    module = tiny_cnn()
    with pytest.raises(RuntimeError), settling(module):
        raise RuntimeError("planted")
    assert not module.norm.training
    assert module.norm.momentum == 0.1


def test_only_the_chosen_parts_change_and_they_change_alike_whatever_else_is_chosen():
    module = tiny_cnn()
    some, more = randomised(module, seed=3, parts=["head"]), randomised(module, seed=3, parts=["head", "second"])
    assert torch.equal(some.head.weight, more.head.weight)
    assert bool((some.head.weight != module.head.weight).all())
    assert torch.equal(some.second.weight, module.second.weight)
    assert torch.equal(some.norm.running_var, module.norm.running_var)


def test_parts_are_listed_from_the_answer_to_the_image():
    module, image = tiny_vit(), smooth(1, 3, 24, 24)
    order = top_down(module, lambda: module(image))
    assert order[0] == "head"
    assert order[-2:] == ["embed", ""]  # the network itself owns the class token and the positions
    assert order.index("blocks.1.qkv") < order.index("blocks.0.mlp.0")
    covered = {id(p) for name in order for p in module.get_submodule(name).parameters(recurse=False)}
    assert covered == {id(p) for p in module.parameters()}


def test_a_function_has_nothing_that_could_be_drawn_anew():
    with pytest.raises(MissingCapability, match="no parameters"):
        adapt(plain_function).randomised(smooth(2, 3, 24, 24), seed=0)


def test_a_copy_on_a_device_answers_alike_and_is_another_network():
    model, images = adapt(tiny_cnn()), smooth(2, 3, 24, 24)
    twin = model.moved(torch.device("cpu"))
    assert twin.module is not model.module
    assert torch.equal(twin(images), model(images))
