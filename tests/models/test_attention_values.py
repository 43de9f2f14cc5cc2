"""The values that attention moves are seen in every family, on every path, with the projection that mixes the heads."""

from __future__ import annotations

import pytest
import torch
import transformers as hf
from image_networks import FAMILIES, HF_VIT, build, pictures
from torch import Tensor, nn

import seewhy
from seewhy.models.attention_values import ValueRecorder
from seewhy.models.torch_module import TorchModel
from seewhy.models.watch import tensor_of

WITH_TOKENS = [name for name, family in FAMILIES.items() if family.tokens is not None]


def answers(model: TorchModel, images: Tensor) -> tuple[list[Tensor], ValueRecorder]:
    """What all modules around the first attention answered, and what was recorded of it."""
    found, recorder = [], ValueRecorder()
    hooks = [
        model.module.get_submodule(name).register_forward_hook(lambda _m, _i, out: found.append(tensor_of(out)))
        for name in model.layout.run.calls[0].inside
    ]
    with model.borrowed(), torch.no_grad(), recorder:
        model(images)
    for hook in hooks:
        hook.remove()
    return found, recorder


def check(model: TorchModel, images: Tensor) -> None:
    model.meet(tuple(images.shape[1:]))
    found, recorder = answers(model, images)
    assert all(call.moved is not None for call in recorder.calls)
    first = recorder.calls[0]
    sent = torch.einsum("bhtf,bhfd,hdk->btk", first.weights, first.moved.values, first.moved.projection)
    rest = [one.float() - sent for one in found if one is not None and one.shape == sent.shape]
    assert any(torch.allclose(one, one[:1, :1].expand_as(one), atol=1e-5) for one in rest), "no answer but for a bias"


@pytest.mark.parametrize("family", WITH_TOKENS)
def test_weights_values_and_projection_add_up_to_what_the_attention_answers(family: str) -> None:
    check(TorchModel(build(family)), pictures(family))


@pytest.mark.parametrize("kernel", ["eager", "sdpa"])
def test_both_paths_of_hugging_face_show_their_values(kernel: str) -> None:
    torch.manual_seed(0)
    network = hf.ViTForImageClassification(hf.ViTConfig(**HF_VIT, attn_implementation=kernel)).eval()
    check(TorchModel(network), torch.rand(2, 3, 64, 64))


class Unprojected(nn.Module):
    """Attention written out, whose heads are added and never projected."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patch, self.block, self.head = nn.Conv2d(3, 8, 8, 8), Adding(), nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.block(self.block.start(self.patch(images).flatten(2).mT))[:, 0])


class Adding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token, self.query = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(2, 8, 8))

    def start(self, patches: Tensor) -> Tensor:
        return torch.cat([self.token.expand(len(patches), -1, -1), patches], 1)

    def forward(self, tokens: Tensor) -> Tensor:
        weights = (tokens[:, None] @ self.query @ tokens[:, None].mT).softmax(-1)
        return tokens + (weights @ tokens[:, None]).sum(1)


def test_attention_without_a_projection_is_refused_by_name_and_its_weights_still_serve() -> None:
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    with pytest.raises(seewhy.errors.NoAttention, match="side by side"):
        seewhy.explain(Unprojected(), image, method="attention-x-value-norm")
    assert seewhy.explain(Unprojected(), image, method="raw-attention").values.max() > 0
