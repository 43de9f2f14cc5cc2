"""Layers that look usable and are not, and layers that are easy to misread: read rightly, or refused by name."""

import pytest
import torch
import torch.nn.functional as F
import torchvision.models as tv
from image_networks import FAMILIES, build, pictures
from torch import Tensor, nn

from seewhy.domain.capability import Capability
from seewhy.errors import NoSuitableLayer, UnknownLayer
from seewhy.models.torch_module import TorchModel


def model_of(family: str) -> TorchModel:
    model = TorchModel(build(family))
    model.meet((3, FAMILIES[family].side, FAMILIES[family].side))
    return model


@pytest.fixture(scope="module")
def vit() -> TorchModel:
    return model_of("timm ViT")


def test_the_last_block_of_a_class_token_vit_is_refused_with_what_to_use(vit: TorchModel) -> None:
    for layer in ("blocks.2", "norm", "blocks.2.mlp.fc2", "blocks.2.norm2"):
        with pytest.raises(UnknownLayer, match="only the class token is read") as caught:
            vit.layout.find(layer)
        assert "blocks.2.norm1" in caught.value.fix


def test_the_patch_embedding_may_be_named_but_is_marked_and_never_chosen(vit: TorchModel) -> None:
    assert "before the first attention" in vit.layout.choice("patch_embed.proj").why
    assert vit.layout.choice("patch_embed.proj").shape == (192, 4, 4)
    assert "before" not in vit.layout.choice("blocks.1").why


def test_vectors_heads_and_unused_layers_say_why_they_are_no_maps(vit: TorchModel) -> None:
    reasons = {info.name: info.reason for info in vit.layout.layers if not info.usable}
    assert "no places" in reasons["head"]
    assert "split into heads" in reasons["blocks.0.attn.q_norm"]
    assert set(reasons) | {info.name for info in vit.layout.layers if info.usable} == {
        name for name, _ in vit.module.named_modules() if name
    }


def test_layers_are_found_by_module_and_by_the_end_of_their_name(vit: TorchModel) -> None:
    assert vit.layout.find(vit.module.blocks[1]) == "blocks.1"
    assert vit.layout.find("1.mlp.fc1") == "blocks.1.mlp.fc1"
    with pytest.raises(UnknownLayer, match="stands for 3 layers"):
        vit.layout.find("norm1")
    with pytest.raises(UnknownLayer, match=r"no layer 'block\.1'.*Did you mean 'blocks\.1'"):
        vit.layout.find("block.1")
    with pytest.raises(UnknownLayer, match="not a part"):
        vit.layout.find(nn.ReLU())


def test_register_tokens_are_counted_and_left_out_of_the_map() -> None:
    model = model_of("timm register ViT")
    raw = torch.arange(21.0).expand(3, 21).T[None]
    expected = torch.arange(5.0, 21).view(4, 4)
    torch.testing.assert_close(model.layout.read("blocks.1.norm1", raw)[0, 0], expected)


def test_channels_last_maps_become_channels_first() -> None:
    model = model_of("torchvision Swin")
    raw = torch.rand(2, 4, 4, 64)
    torch.testing.assert_close(model.layout.read("norm", raw), raw.permute(0, 3, 1, 2))


@pytest.mark.parametrize("last", [False, True])
def test_an_output_that_could_be_either_is_decided_by_what_the_image_changes(last: bool) -> None:
    class Ambiguous(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.turn, self.head = nn.Conv2d(3, 8, 3, 4, 1), nn.Module(), nn.Linear(8, 3)
            self.turn = nn.Hardtanh(-9, 9) if not last else Turn()

        def forward(self, images: Tensor) -> Tensor:
            found = self.turn(self.conv(images))
            return self.head(found.mean((1, 2) if last else (2, 3)))

    class Turn(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps.permute(0, 2, 3, 1).contiguous()

    model = TorchModel(Ambiguous())
    model.meet((3, 32, 32))
    raw = torch.rand(1, 8, 8, 8)
    assert model.layout.choose().name == "turn"
    torch.testing.assert_close(model.layout.read("turn", raw), raw.permute(0, 3, 1, 2) if last else raw)


def test_a_reused_activation_is_refused_and_the_block_around_it_is_chosen() -> None:
    model = model_of("torchvision ResNet")
    with pytest.raises(UnknownLayer, match="runs 2 times"):
        model.layout.find("layer4.1.relu")
    assert model.layout.choose().name == "layer4"


def test_pooled_and_single_place_layers_are_not_maps() -> None:
    model = model_of("torchvision ResNet")
    with pytest.raises(UnknownLayer, match="single place"):
        model.layout.find("avgpool")


def test_at_its_own_size_vgg_is_read_before_the_last_pooling() -> None:
    model = TorchModel(build("torchvision VGG"))
    model.meet((3, 224, 224))
    assert model.layout.choose().shape == (512, 14, 14)


def test_images_that_are_not_square_keep_their_height_and_width_apart() -> None:
    model = TorchModel(tv.resnet18(num_classes=3))
    model.meet((3, 64, 160))
    assert model.layout.choose().shape == (512, 2, 5)


class Functional(nn.Module):
    """Activations and pooling written as functions."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.head = nn.Conv2d(3, 8, 3, 2), nn.Conv2d(8, 8, 3, 2), nn.Linear(8, 4)

    def forward(self, images: Tensor) -> Tensor:
        maps = F.relu(self.second(F.relu(self.first(images), inplace=True)), inplace=True)
        return self.head(F.adaptive_avg_pool2d(maps, 1).flatten(1))


def test_functional_activations_are_no_obstacle() -> None:
    model = TorchModel(Functional())
    model.meet((3, 32, 32))
    assert model.layout.choose().name == "second"
    with model.borrowed(), model.watching(["second"]) as watch:
        outputs = model(pictures("torchvision ResNet"))
    assert float(watch.layers["second"].detach().min()) < 0
    assert bool(torch.autograd.grad(outputs[:, 0].sum(), watch.layers["second"])[0].any())


class Clip(nn.Module):
    """A small 3-D network."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.relu = nn.Conv3d(3, 8, 3, (1, 2, 2), 1), nn.ReLU(inplace=True)
        self.deep, self.head = nn.Conv3d(8, 6, 3, 2, 1), nn.Linear(6, 4)

    def forward(self, clips: Tensor) -> Tensor:
        return self.head(self.relu(self.deep(self.relu(self.stem(clips)))).mean((2, 3, 4)))


def test_clips_have_grids_in_space_and_time() -> None:
    model = TorchModel(Clip())
    model.meet((3, 8, 32, 48))
    assert model.layout.choose().shape == (6, 4, 8, 12)
    assert model.layout.choose().name == "deep"


def test_a_network_without_maps_is_refused_by_name() -> None:
    model = TorchModel(nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 3)))
    model.meet((3, 8, 8))
    with pytest.raises(NoSuitableLayer, match="Sequential"):
        model.layout.choose()


def test_an_untrained_head_of_zeros_does_not_hide_the_layers() -> None:
    module = tv.VisionTransformer(32, 8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=3)
    assert not bool(module.heads.head.weight.any())
    assert TorchModel(module).layout.choose().name == "encoder.layers.encoder_layer_1.ln_1"


def test_a_raw_output_of_another_size_is_refused(vit: TorchModel) -> None:
    with pytest.raises(UnknownLayer, match="ask for the layout of images of this size"):
        vit.layout.read("blocks.1", torch.rand(2, 26, 192))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, lambda: torch.autocast("cpu", torch.bfloat16)])
def test_the_layout_is_the_same_in_whatever_mode_it_is_first_asked_for(mode) -> None:
    model = model_of("Hugging Face ViT")
    with mode():
        assert model.layout.choose().name == "vit.layers.1.layernorm_before"
        assert model.layout.tokens is not None
    assert set(model.layout.missing) == {Capability.POOLING}
