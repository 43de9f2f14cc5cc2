"""Any nn.Module asked in image space: what it may return, how it may fail, and that it is given back."""

import gc
import weakref
from collections import namedtuple
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from seewhy.domain.capability import Capability
from seewhy.errors import BadModelOutput, ModelFailed, NoSuitableLayer
from seewhy.models.torch_module import TorchModel


class Answers(nn.Module):
    """Returns whatever a function makes of the images."""

    def __init__(self, answer) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.answer = answer

    def forward(self, images: Tensor):
        return self.answer(self.weight * images)


def rows(images: Tensor) -> Tensor:
    return images.flatten(1)[:, :5]


def cnn() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(), nn.Linear(8, 4),
    )  # fmt: skip


IMAGES = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
Pair = namedtuple("Pair", "features logits")


@pytest.mark.parametrize(
    "answer",
    [
        rows,
        lambda x: (rows(x), x),
        lambda x: [x, rows(x)],
        lambda x: {"features": x.flatten(1), "logits": rows(x)},
        lambda x: {"out": rows(x), "aux": rows(x) + 1},
        lambda x: {"something": rows(x)},
        lambda x: SimpleNamespace(logits=rows(x), hidden=x),
        lambda x: Pair(x.flatten(1), rows(x)),
    ],
)
def test_the_scores_are_found_in_what_the_network_returns(answer) -> None:
    torch.testing.assert_close(TorchModel(Answers(answer))(IMAGES), rows(IMAGES))


def test_a_single_output_per_image_becomes_a_column() -> None:
    assert TorchModel(Answers(lambda x: x.mean((1, 2, 3))))(IMAGES).shape == (2, 1)


def test_the_person_may_say_where_the_scores_are() -> None:
    model = TorchModel(Answers(lambda x: (x, {"deep": rows(x)})), output=lambda answer: answer[1]["deep"])
    assert model(IMAGES).shape == (2, 5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x, "shape"),
        (lambda x: rows(x)[:1], "for 2 images"),
        (lambda x: rows(x) * torch.nan, "not finite"),
        (lambda x: rows(x) / 0, "not finite"),
        (lambda x: (x, x), "no class scores"),
        (lambda x: None, "no tensor"),
    ],
)
def test_a_bad_answer_is_refused(answer, words: str) -> None:
    with pytest.raises(BadModelOutput, match=words):
        TorchModel(Answers(answer))(IMAGES)


def test_an_exception_inside_the_network_says_for_which_shape() -> None:
    def answer(images: Tensor) -> Tensor:
        raise ValueError("two\nlines")

    with pytest.raises(ModelFailed, match=r"ValueError.*\(2, 3, 16, 16\).*two") as caught:
        TorchModel(Answers(answer))(IMAGES)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA"), RuntimeError("CUDA out of memory."), MemoryError(), KeyboardInterrupt()]
)
def test_out_of_memory_and_interruptions_pass_untouched(error: BaseException) -> None:
    def answer(images: Tensor) -> Tensor:
        raise error

    with pytest.raises(type(error)) as caught:
        TorchModel(Answers(answer))(IMAGES)
    assert caught.value is error


def test_images_follow_the_type_of_the_weights_and_answers_are_float32() -> None:
    module = cnn().to(torch.bfloat16).eval()
    outputs = TorchModel(module)(IMAGES)
    assert (outputs.dtype, outputs.shape) == (torch.float32, (2, 4))


def test_images_are_normalised_once_and_made_grey_where_wanted() -> None:
    preprocess = SimpleNamespace(channels=1, any_range=False, input_size=None, normalise=lambda x: (x - 0.5) / 0.25)
    outputs = TorchModel(Answers(lambda x: x.flatten(1)), preprocess=preprocess)(torch.ones(1, 3, 2, 2))
    torch.testing.assert_close(outputs, torch.full((1, 4), 2.0))


def test_data_parallel_and_compiled_networks_are_unwrapped() -> None:
    module = cnn()
    assert TorchModel(torch.compile(nn.DataParallel(module))).module is module


def test_borrowing_freezes_and_gives_back_every_flag_also_when_nested_or_interrupted() -> None:
    module = cnn()
    module[1].eval()
    module[0].weight.requires_grad_(False)
    modes, flags = [m.training for m in module.modules()], [p.requires_grad for p in module.parameters()]
    model = TorchModel(module)

    def interrupted() -> None:
        with model.borrowed():
            with model.borrowed():
                assert not any(m.training for m in module.modules())
            assert not any(p.requires_grad for p in module.parameters())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [m.training for m in module.modules()] == modes
    assert [p.requires_grad for p in module.parameters()] == flags


def test_train_mode_does_not_reach_the_explanation() -> None:
    model = TorchModel(cnn().train())
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    with model.borrowed():
        first, second = model(IMAGES), model(IMAGES)
    assert torch.equal(first, second)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())


def test_frozen_parameters_still_give_gradients() -> None:
    model = TorchModel(cnn().requires_grad_(False))
    images = IMAGES.clone().requires_grad_()
    with model.borrowed(), model.watching(["0"]) as watch:
        total = model(images)[:, 0].sum()
    at_pixels, at_layer = torch.autograd.grad(total, [images, watch.layers["0"]])
    assert bool(at_pixels.any())
    assert bool(at_layer.any())


def test_the_fingerprint_notices_one_changed_weight_and_nothing_else() -> None:
    module = nn.Sequential(nn.Linear(1024, 400), nn.BatchNorm1d(400), nn.Linear(400, 3).bfloat16())
    model = TorchModel(module)
    first = model.fingerprint
    assert model.fingerprint == first
    module.eval().requires_grad_(False)
    assert model.fingerprint == first
    changes = [module[0].weight[7, 9:10], module[1].running_var[3:4], module[2].bias[0:1]]
    for one in changes:
        kept = one.clone()
        one.data.add_(1)  # .data leaves no trace in the version counter
        assert model.fingerprint != first
        one.data.copy_(kept)
    row = module[0].weight.data
    row[[0, 1]] = row[[1, 0]].clone()
    assert model.fingerprint != first


def test_torchscript_answers_and_differentiates_but_is_not_looked_into() -> None:
    model = TorchModel(torch.jit.trace(cnn().eval(), IMAGES))
    assert model.capabilities == Capability.SCORES | Capability.GRADIENTS
    assert all("TorchScript" in reason for reason in model.missing.values())
    images = IMAGES.clone().requires_grad_()
    with model.borrowed():
        (slope,) = torch.autograd.grad(model(images)[:, 0].sum(), images)
    assert bool(slope.any())
    with pytest.raises(NoSuitableLayer, match="TorchScript"):
        _ = model.layout


def test_a_network_without_gradients_says_so() -> None:
    model = TorchModel(Answers(lambda x: rows(x).detach()))
    assert Capability.GRADIENTS not in model.capabilities
    assert "differentiably" in model.missing[Capability.GRADIENTS]


def test_without_a_stated_size_usual_sizes_are_tried() -> None:
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 3))
    assert TorchModel(module).layout.choose().shape == (4, 26, 26)


def test_a_network_that_fails_on_every_size_says_which_input_failed() -> None:
    model = TorchModel(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(11, 3)))
    with pytest.raises(ModelFailed, match="224"):
        _ = model.layout
    assert "dry run failed" in model.missing[Capability.ATTENTION]
    model.meet((3, 16, 16))
    with pytest.raises(ModelFailed, match="16, 16"):
        _ = model.layout


def test_adapting_a_network_again_costs_no_second_dry_run_and_new_weights_do():
    network, runs = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)), []
    network(torch.zeros(1, 3, 12, 12))
    network.register_forward_hook(lambda *_: runs.append(1))
    first = TorchModel(network).layout_of((3, 12, 12))
    once = len(runs)
    assert once > 0
    assert TorchModel(network).layout_of((3, 12, 12)) is first
    assert len(runs) == once
    with torch.no_grad():
        network[0].weight.mul_(2)
    assert TorchModel(network).layout_of((3, 12, 12)) is not first


def test_what_is_remembered_about_a_network_does_not_keep_it_alive():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 3))
    TorchModel(network).layout_of((3, 12, 12))
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None
