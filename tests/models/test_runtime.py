"""Answers from OpenVINO: alike on the person's own image, anew for new weights, never for what it cannot do."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import seewhy
from seewhy.engine.probe import COMPILES
from seewhy.models import runtime
from seewhy.testing.tiny_models import pictures, tiny_cnn, tiny_vit

pytest.importorskip("openvino")
IMAGES = pictures(2, 3, 24, 24)
ASKED = {"method": "kernel-shap", "samples": COMPILES, "regions": seewhy.Grid(4), "tolerance": 0.0, "target": 1}


def asked(network, **how):
    return seewhy.explain(network, IMAGES[0], checks="quick", **{**ASKED, **how})


def timm_vit():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return pytest.importorskip("timm").create_model(
            "vit_tiny_patch16_224", img_size=24, patch_size=8, num_classes=3
        )


@pytest.mark.parametrize("build", [tiny_cnn, timm_vit])
def test_much_asking_is_answered_by_openvino_as_torch_answers(build):
    network = build()
    quick, plain = asked(network), asked(network, backend="plain")
    assert quick.origin.ran["openvino"] == COMPILES
    assert "openvino" not in plain.origin.ran
    np.testing.assert_allclose(quick.values, plain.values, atol=1e-4 * np.abs(plain.values).max())
    assert quick.cost == plain.cost


def test_little_asking_is_answered_by_torch():
    assert "openvino" not in asked(tiny_cnn(), samples=COMPILES // 4).origin.ran


def test_bfloat16_is_computed_there_when_it_is_asked_for():
    network = tiny_cnn()
    rough, exact = asked(network, precision="bfloat16"), asked(network)
    assert rough.origin.ran["openvino"] == COMPILES
    assert np.corrcoef(rough.values.ravel(), exact.values.ravel())[0, 1] > 0.98


def rounds(times):
    """A network that adds so many times its largest answer and takes it away: bfloat16 loses the last digits."""

    class Rounds(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = tiny_cnn().eval()

        def forward(self, images):
            found = self.inner(images)
            if not torch.is_autocast_enabled("cpu"):
                return found
            shift = (times * found.abs().max()).bfloat16()
            return (found.bfloat16() + shift - shift).float()

    return Rounds()


def test_bfloat16_is_judged_by_how_far_torch_itself_is_off_in_it():
    network, ask = rounds(0.0), lambda network: lambda: network(IMAGES).detach()
    expected = network(IMAGES).detach()
    assert runtime.leeway(ask(network), expected, "float32") == 1e-4
    assert runtime.leeway(ask(network), expected, "bfloat16") == 0.03
    coarse = runtime.leeway(ask(rounds(4.0)), expected, "bfloat16")
    with torch.autocast("cpu", torch.bfloat16):
        strays = float((ask(rounds(4.0))() - expected).abs().max() / expected.abs().max())
    assert 0.01 < strays < 0.2 / 3
    assert coarse == pytest.approx(3 * strays)
    assert runtime.leeway(ask(rounds(1000.0)), expected, "bfloat16") == 0.2  # torch is lost: it is no measure


def test_the_bundled_network_is_answered_there_in_bfloat16_also_on_noise():
    network = seewhy.adapt("efficientnet-lite0").module
    noise = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert runtime.compiled(network, lambda answer: answer, noise, "bfloat16") is not None


def test_new_weights_are_translated_anew_however_they_were_written():
    network = tiny_cnn()
    asked(network)
    with torch.no_grad():
        next(network.parameters()).data.mul_(-1.5)  # .data: no version counter tells
    changed = asked(network)
    assert changed.origin.ran["openvino"] == COMPILES
    np.testing.assert_allclose(changed.values, asked(network, backend="plain").values, atol=1e-3)


class Halves(nn.Module):
    """Answers otherwise for batches of two: what was traced for one size does not hold for another."""

    def __init__(self):
        super().__init__()
        self.inner = tiny_cnn()

    def forward(self, images):
        found = self.inner(images)
        return found * 2 if len(images) == 2 else found


def test_a_network_that_tracing_does_not_catch_is_asked_as_it_is():
    found = asked(Halves())
    assert "openvino" not in found.origin.ran
    np.testing.assert_allclose(found.values, asked(Halves(), backend="plain").values, atol=1e-5)


def test_an_answer_in_a_dict_is_read_as_always():
    class Told(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = tiny_cnn()

        def forward(self, images):
            return {"features": images.flatten(1), "logits": self.inner(images)}

    found = asked(Told())
    assert found.origin.ran["openvino"] == COMPILES
    np.testing.assert_allclose(found.values, asked(tiny_cnn(), backend="plain").values, atol=1e-4)


def test_what_answers_is_the_owners_choice_of_output():
    model = seewhy.adapt(tiny_cnn(), output=lambda answer: answer * 3.0)
    found = asked(model)
    assert found.origin.ran["openvino"] == COMPILES
    np.testing.assert_allclose(found.values, asked(model, backend="plain").values, atol=1e-4)


def test_a_network_is_forgotten_with_its_translation():
    network = tiny_cnn()
    asked(network)
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None


def test_without_the_package_torch_answers(monkeypatch):
    monkeypatch.setattr(runtime, "find_spec", lambda _: None)
    found = asked(tiny_cnn())
    assert set(found.origin.ran) <= {"plain", "prepared"}


def test_translating_tells_nobody(monkeypatch):
    def told(*_args, **_kwargs):
        pytest.fail("OpenVINO reports home")

    telemetry = pytest.importorskip("openvino_telemetry")
    for name in ("send_event", "start_session", "end_session", "send_error", "send_stack_trace"):
        monkeypatch.setattr(telemetry.Telemetry, name, told)
    assert asked(tiny_cnn()).origin.ran["openvino"] == COMPILES


def test_dropped_tokens_are_dropped_whoever_answers():
    network, how = tiny_vit(), {"regions": seewhy.Patches(), "baseline": "dropped", "samples": COMPILES}
    quick, plain = asked(network, **how), asked(network, backend="plain", **how)
    np.testing.assert_allclose(quick.values, plain.values, atol=1e-4 * np.abs(plain.values).max())
    grey = asked(network, **{**how, "baseline": "grey"})
    assert np.abs(grey.values - quick.values).max() > 1e-3


# -- up to a layer


def many(network, method="grad-cam", count=COMPILES, **how):
    images = pictures(count, 3, 24, 24)
    return seewhy.explain(network, images, method=method, target=[1] * count, checks="quick", **how)


@pytest.mark.parametrize("method", ["grad-cam", "layer-cam", "eigen-cam"])
def test_a_folder_is_read_at_a_layer_through_openvino_with_the_same_maps(method):
    network = tiny_cnn()
    quick, plain = many(network, method), many(network, method, backend="plain")
    assert quick[0].origin.ran == {"openvino": 1}
    assert plain[0].origin.ran == {"plain": 1}
    largest = max(np.abs(one.values).max() for one in plain)
    for one, other in zip(quick, plain, strict=True):
        np.testing.assert_allclose(one.values, other.values, atol=1e-4 * largest)
        assert one.prediction.index == other.prediction.index
        assert one.cost == other.cost


def test_few_images_and_pixels_and_attention_are_read_through_torch():
    assert many(tiny_cnn(), count=3)[0].origin.ran == {"plain": 1}
    assert many(tiny_cnn(), "saliency")[0].origin.ran == {"plain": 1}
    assert many(timm_vit(), "attention-rollout")[0].origin.ran == {"plain": 1}


def test_a_network_that_goes_round_the_layer_is_read_through_torch():
    class Round(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 2)

        def forward(self, images):
            early = self.first(images).relu()
            return self.head(self.second(early).mean((2, 3)) * early.mean((2, 3)))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Round().eval()
    quick, plain = (many(network, layer="second", backend=backend) for backend in ("auto", "plain"))
    assert quick[0].origin.ran == {"plain": 1}
    np.testing.assert_array_equal(quick[5].values, plain[5].values)


def test_what_reads_more_than_the_layer_reads_it_all_through_torch():
    found = many(tiny_cnn(), ["grad-cam", "saliency"])
    assert found[0][0].origin.ran == found[1][0].origin.ran == {"plain": 1}
