"""Cancelling and Ctrl-C: what was computed is kept, what is missing stands in its place as a failure."""

import warnings

import pytest

import seewhy
from seewhy.engine.control import Control
from seewhy.errors import Cancelled, SeewhyWarning
from seewhy.models.torch_module import TorchModel
from seewhy.run.results import Failure
from seewhy.testing.tiny_models import pictures, tiny_cnn
from seewhy.testing.wrappers import Failing

IMAGES = pictures(3, 3, 24, 24)


def cancelling_at(calls: int) -> Control:
    control = Control()
    control.progress = lambda done, _: control.cancel() if done >= calls else None
    return control


def interrupted(at: int) -> TorchModel:
    """A network whose owner presses Ctrl-C in the n-th call after it was looked at."""
    failing = Failing(tiny_cnn(), at, KeyboardInterrupt)
    failing.armed, model = False, TorchModel(failing)
    model.meet(tuple(IMAGES.shape[1:]))
    _ = model.layout
    failing.armed = True
    return model


def explained(model, images, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeewhyWarning)
        return seewhy.explain(model, images, **{"checks": "quick", **how})


def test_images_that_were_explained_before_the_cancelling_are_kept():
    found = explained(tiny_cnn(), IMAGES, method="rise", samples=500, tolerance=0.0, control=cancelling_at(700))
    assert found[0].sampling.stop == "samples"
    assert found[1].sampling.stop == "cancelled"
    assert isinstance(found[2], Failure)
    assert isinstance(found[2].error, Cancelled)


def test_methods_that_were_done_before_the_cancelling_are_kept():
    found = explained(
        tiny_cnn(), IMAGES[0], method=["rise", "occlusion"], samples=300, tolerance=0.0, control=cancelling_at(200)
    )
    assert found[0].sampling.stop == "cancelled"
    assert isinstance(found[1], Failure)


def test_a_keyboard_interrupt_in_the_second_image_keeps_the_first():
    model = interrupted(at=8)
    model.limit = 8
    found = explained(model, IMAGES, method="occlusion", window=8, stride=4, backend="plain")
    assert found[0].values.shape == (24, 24)
    assert [type(one) for one in found[1:]] == [Failure, Failure]


def test_cancelling_during_the_comparison_with_another_class_keeps_the_explanation():
    image, how = IMAGES[0], {"method": "integrated-gradients", "steps": 4, "tolerance": 0.0, "checks": "full"}
    whole = explained(tiny_cnn(), image, **how)
    for model, control in (
        (interrupted(at=4), Control()),  # prediction, path, empty input; then the other class
        (tiny_cnn(), cancelling_at(whole.cost.calls)),
    ):
        found = explained(model, image, control=control, **how)
        (why,) = [check for check in found.checks if check.name == "class-discrimination"]
        assert (found.values == whole.values).all()
        assert why.verdict == "not run"
        assert "cancelled" in why.message


def test_a_run_that_is_cancelled_before_anything_was_found_raises():
    with pytest.raises(Cancelled):
        explained(tiny_cnn(), IMAGES, method="occlusion", control=cancelling_at(0))
