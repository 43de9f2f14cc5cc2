"""Layout, attention and token dropping on every family, with no user code; the network comes back as it was."""

import hashlib
from functools import cache

import pytest
import torch
from image_networks import FAMILIES, build, pictures

from seewhy.domain.capability import Capability
from seewhy.errors import MissingCapability, ModelFailed, NoAttention
from seewhy.models.attention import Recorder
from seewhy.models.entrance import blind
from seewhy.models.torch_module import TorchModel

TOKEN_FAMILIES = [name for name, family in FAMILIES.items() if family.tokens]
CHAINS = [name for name, family in FAMILIES.items() if family.chain]
OTHERS = [name for name in FAMILIES if name not in TOKEN_FAMILIES + CHAINS]
DROPPING = [name for name, family in FAMILIES.items() if family.drops]


@cache
def adapted(family: str) -> TorchModel:
    model = TorchModel(build(family))
    model.meet(tuple(pictures(family).shape[1:]))
    return model


def state(module: torch.nn.Module) -> tuple[object, ...]:
    """All that an explanation could leave behind in a network."""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    parts = [
        (
            part.training,
            len(part._forward_hooks),
            len(part._forward_pre_hooks),
            len(part._backward_hooks),
            sorted(map(str, vars(part))),
        )
        for part in module.modules()
    ]
    return digest.hexdigest(), parts, [(p.requires_grad, p.grad is None) for p in module.parameters()]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_layer_and_its_grid_are_found(family: str) -> None:
    expected, model = FAMILIES[family], adapted(family)
    choice = model.layout.choose()
    assert (choice.name, choice.shape[1:]) == (expected.layer, expected.grid)
    assert str(expected.grid[0]) in choice.why


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_at_the_chosen_layer_is_a_map_and_the_answer_is_unchanged(family: str) -> None:
    model, images = adapted(family), pictures(family)
    choice = model.layout.choose()
    with model.borrowed():
        with torch.no_grad():
            plain = model(images)
        with model.watching([choice.name]) as watch:
            outputs = model(images)
        (slope,) = torch.autograd.grad(outputs[:, 3].sum(), watch.layers[choice.name])
    torch.testing.assert_close(outputs, plain, rtol=1e-4, atol=1e-5)
    maps, activations = (model.layout.read(choice.name, raw) for raw in (slope, watch.layers[choice.name]))
    assert maps.shape == activations.shape == (2, *choice.shape)
    assert bool(maps.isfinite().all())
    assert all(bool(one.any()) for one in maps)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_network_is_given_back_as_it_was_also_when_it_raises(family: str) -> None:
    module = build(family)
    modules = list(module.modules())
    modules[len(modules) // 2].eval()
    next(module.parameters()).requires_grad_(False)
    before, random = state(module), torch.get_rng_state()
    model, images = TorchModel(module), pictures(family)
    model.meet(tuple(images.shape[1:]))
    with model.borrowed(), model.watching([model.layout.choose().name]):
        model(images)
    if not model.missing.get(Capability.TOKENS):
        with model.borrowed(), model.dropping(torch.zeros(2, 1, dtype=torch.long)):
            model(images)
    with pytest.raises(ModelFailed), model.borrowed(), model.watching(attention=True):
        model(torch.zeros(2, 1, 3, 3))
    assert state(module) == before
    assert bool((torch.get_rng_state() == random).all())


@pytest.mark.parametrize("family", TOKEN_FAMILIES)
def test_attention_comes_out_under_fused_kernels(family: str) -> None:
    model, images = adapted(family), pictures(family)
    tokens = model.layout.tokens
    assert tokens is not None
    assert (tokens.prefix, tokens.reads) == FAMILIES[family].tokens
    assert tokens.grid == FAMILIES[family].grid
    with model.borrowed():
        with torch.no_grad():
            plain = model(images)
        with model.watching(attention=True) as watch:
            outputs = model(images)
        blocks, pool = model.layout.blocks(watch.attention)
        slopes = torch.autograd.grad(outputs[:, 3].sum(), blocks)
    torch.testing.assert_close(outputs, plain, rtol=1e-4, atol=1e-5)
    assert len(blocks) == tokens.blocks
    assert (pool is not None) == tokens.pools
    for weights, slope in zip(blocks, slopes, strict=True):
        assert weights.shape[0] == 2
        assert weights.shape[2:] == (tokens.count, tokens.count)
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
        assert bool(slope.any())
    assert float(tokens.readout.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", OTHERS)
def test_networks_without_attention_over_all_tokens_are_refused_by_name(family: str) -> None:
    model = adapted(family)
    assert Capability.ATTENTION not in model.capabilities
    assert Capability.TOKENS not in model.capabilities
    with model.borrowed(), torch.no_grad(), Recorder() as recorder:
        model(pictures(family))
    with pytest.raises(NoAttention, match="cannot be read over all tokens"):
        model.layout.blocks(recorder.calls)


def test_windows_between_convolutions_are_called_windows() -> None:
    assert "windows" in adapted("torchvision MaxViT").missing[Capability.ATTENTION]


@pytest.mark.parametrize("family", CHAINS)
def test_attention_in_windows_is_put_together_and_not_taken_for_one_sequence(family: str) -> None:
    model = adapted(family)
    tokens = model.layout.tokens
    assert tokens is not None
    assert (tokens.prefix, tokens.grid, tokens.reads) == (0, FAMILIES[family].chain, "mean of patches")
    assert Capability.ATTENTION in model.capabilities
    for lacking in (Capability.JOINT, Capability.TOKENS):
        assert "in windows, not over one sequence" in model.missing[lacking]


@pytest.mark.parametrize("family", DROPPING)
def test_leaving_patches_out_equals_forbidding_all_attention_to_them(family: str) -> None:
    model, images = adapted(family), pictures(family)
    assert Capability.TOKENS in model.capabilities
    tokens = model.layout.tokens
    assert tokens is not None
    keep = torch.tensor([[0, 3, 5, 10, 11], [1, 2, 7, 14, 15]])
    with model.borrowed(), torch.no_grad():
        plain = model(images)
        with model.dropping(torch.arange(tokens.patches).expand(2, -1)):
            torch.testing.assert_close(model(images), plain, rtol=1e-4, atol=1e-5)
        with model.dropping(keep):
            dropped = model(images)
        with Recorder(blind=blind(tokens, keep)):
            masked = model(images)
    assert float((dropped - plain).abs().max()) > 1e-4
    if tokens.reads in ("class token", "extra tokens", "attention pool"):
        torch.testing.assert_close(dropped, masked, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("family", [name for name in TOKEN_FAMILIES if name not in DROPPING])
def test_networks_that_need_the_whole_grid_cannot_leave_patches_out(family: str) -> None:
    model = adapted(family)
    assert "grid" in model.missing[Capability.TOKENS]
    with pytest.raises(MissingCapability, match="cannot leave tokens out"), model.dropping(torch.zeros(1, 1)):
        pass
