"""Plain functions as models."""

import numpy as np
import pytest
import torch

from seewhy.domain.capability import Capability
from seewhy.errors import BadModelOutput, BadOption, ModelFailed
from seewhy.models.adapt import adapt

IMAGES = torch.rand(3, 3, 4, 5, generator=torch.Generator().manual_seed(0))


def test_a_function_is_handed_tensors_arrays_or_8_bit_images_as_asked():
    got = {}
    for takes in ("tensor", "array", "images"):
        adapt(lambda x, takes=takes: got.update({takes: x}) or np.zeros((len(x), 2)), takes=takes)(IMAGES)
    assert torch.equal(got["tensor"], IMAGES)
    np.testing.assert_array_equal(got["array"], IMAGES.movedim(1, -1).numpy())
    assert got["images"].dtype == np.uint8
    np.testing.assert_allclose(got["images"] / 255, got["array"], atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    "answer", [lambda t: t, lambda t: t.numpy(), lambda t: t.double().tolist(), lambda t: t.half()]
)
def test_scores_may_come_back_as_tensor_array_or_list(answer):
    model = adapt(lambda x: answer(x.mean((2, 3))))
    outputs = model(IMAGES)
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, IMAGES.mean((2, 3)), atol=1e-3, rtol=1e-3)


def test_a_function_that_cannot_take_tensors_is_told_how_to_get_arrays():
    with pytest.raises(ModelFailed, match="takes='array'"):
        adapt(lambda x: np.tile(x.astype(float).mean(), (len(x), 1)))(IMAGES)


def test_one_number_per_image_is_one_class():
    assert adapt(lambda x: x.mean((1, 2, 3)))(IMAGES).shape == (3, 1)


def test_a_function_that_writes_into_its_input_does_not_change_ours():
    before = IMAGES.clone()
    for takes in ("tensor", "array"):
        adapt(lambda x: x.__imul__(0).reshape(3, -1), takes=takes)(IMAGES)
    assert torch.equal(IMAGES, before)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (torch.zeros(2, 5), "(2, 5) for 3 images"),
        (torch.zeros(3, 5, 1), "(3, 5, 1)"),
        (torch.zeros(3, 0), "(3, 0)"),
        (torch.tensor([[1.0], [float("nan")], [2.0]]), "1 of 3 outputs not finite"),
        (None, "numbers in a table"),
        ("cat", "numbers in a table"),
        ([[1, 2], [3]], "numbers in a table"),
    ],
)
def test_an_answer_that_is_no_finite_table_is_refused_with_its_value(answer, says):
    with pytest.raises(BadModelOutput) as caught:
        adapt(lambda x: answer, name="mine")(IMAGES)
    assert says in str(caught.value)
    assert "mine" in str(caught.value)


def test_an_exception_inside_names_its_cause_and_the_shape():
    def broken(x):
        raise KeyError("lost")

    with pytest.raises(ModelFailed, match=r"KeyError for an input of shape \(3, 3, 4, 5\): 'lost'"):
        adapt(broken)(IMAGES)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory"), torch.OutOfMemoryError("x")])
def test_running_out_of_memory_is_left_to_the_engine(error):
    def hungry(x):
        raise error

    with pytest.raises(type(error)) as caught:
        adapt(hungry)(IMAGES)
    assert caught.value is error


def test_a_function_offers_scores_only_and_says_why():
    model = adapt(lambda x: x, batch=7)
    assert model.capabilities == Capability.SCORES
    assert model.limit == 7
    assert "plain function" in model.missing[Capability.GRADIENTS]
    assert "needs gradients" in (model.offers.methods["saliency"] or "")
    assert model.offers.methods["occlusion"] is None


def test_the_preprocessing_given_is_applied_before_the_function_is_asked():
    seen = []
    adapt(lambda x: seen.append(x) or x.mean((2, 3)), preprocess={"size": 8, "mean": (0.5,) * 3, "std": (0.25,) * 3})(
        IMAGES
    )
    torch.testing.assert_close(seen[0], (IMAGES - 0.5) / 0.25)


def test_other_code_gives_another_fingerprint_and_the_same_code_the_same():
    def make(number):
        return adapt(lambda x: x.sum((2, 3)), name="f")

    assert make(1).fingerprint == make(2).fingerprint
    assert make(1).fingerprint != adapt(lambda x: x.mean((2, 3)), name="f").fingerprint
    assert adapt(lambda x: x * 2, name="f").fingerprint != adapt(lambda x: x * 3, name="f").fingerprint


@pytest.mark.parametrize("options", [{"takes": "pixels"}, {"batch": 0}, {"output": "logits"}])
def test_options_that_a_function_cannot_have_are_refused(options):
    with pytest.raises(BadOption):
        adapt(lambda x: x, **options)
