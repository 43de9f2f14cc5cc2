"""Models by name."""

import json

import pytest
import torch

from seewhy.errors import BadCheckpoint, MissingPackage, ModelFailed, UnknownModel
from seewhy.models import zoo

TINY = "timm:test_vit"
IMAGE = torch.rand(1, 3, 160, 160, generator=torch.Generator().manual_seed(0))


def test_the_default_is_the_bundled_network():
    model = zoo.load("default")
    assert model.name == "efficientnet-lite0"
    assert model.labels
    assert model.notes == ()


def test_a_network_without_weights_says_that_it_is_not_trained_and_is_the_same_each_time():
    before = torch.get_rng_state()
    first, second = zoo.load(TINY), zoo.load(TINY)
    assert torch.equal(torch.get_rng_state(), before)
    assert first.fingerprint == second.fingerprint
    assert any("not trained" in note for note in first.notes)
    assert first.name == TINY


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_named_in_the_query_are_used(tmp_path, suffix):
    import timm
    from safetensors.torch import save_file

    module = timm.create_model("test_vit", pretrained=False).eval()
    (save_file if suffix == ".safetensors" else torch.save)(module.state_dict(), tmp_path / f"w{suffix}")
    model = zoo.load(f"{TINY}?weights={tmp_path / 'w'}{suffix}")
    torch.testing.assert_close(model(IMAGE), module(model.preprocess.normalise(IMAGE)))
    assert not any("not trained" in note for note in model.notes)


def test_torchvision_networks_come_with_imagenets_preprocessing_and_a_note_that_it_was_assumed():
    model = zoo.load("torchvision:squeezenet1_1")
    assert model.preprocess.assumed
    assert any("assumed" in note for note in model.notes)


def test_torchvisions_video_networks_have_names_too():
    model = zoo.load("torchvision:mc3_18")
    assert model.preprocess.pace.frames == 16


def hugging_face(directory, **save):
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=32, patch_size=16,
        id2label={0: "cat", 1: "dog", 2: "owl"}, label2id={"cat": 0, "dog": 1, "owl": 2},
    )  # fmt: skip
    ViTForImageClassification(config).save_pretrained(directory, **save)
    processor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 32, "width": 32},
        "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_rescale": True, "resample": 2,
    }  # fmt: skip
    (directory / "preprocessor_config.json").write_text(json.dumps(processor))


def test_a_hugging_face_directory_brings_labels_and_preprocessing(tmp_path):
    hugging_face(tmp_path)
    model = zoo.load(f"hf:{tmp_path}")
    assert model.labels == ("cat", "dog", "owl")
    assert model.preprocess.input_size == (32, 32)
    assert model.preprocess.mean == (0.5, 0.5, 0.5)
    assert model.notes == ()
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 3)


def test_a_hugging_face_directory_with_pickled_weights_only_is_refused(tmp_path):
    hugging_face(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(BadCheckpoint, match="safetensors"):
        zoo.load(f"hf:{tmp_path}")


def test_a_hugging_face_name_is_never_downloaded():
    with pytest.raises(UnknownModel, match="not downloaded"):
        zoo.load("hf:google/vit-base-patch16-224")


def test_a_factory_in_a_file_is_run_and_may_return_anything_that_can_be_adapted(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def make():\n    return lambda images: images.mean((2, 3))\n")
    model = zoo.load(f"{file}:make")
    torch.testing.assert_close(model(IMAGE), IMAGE.mean((2, 3)))
    assert model.name.endswith("mine.py:make")
    assert not model.notes


@pytest.mark.parametrize(
    ("source", "factory", "error", "says"),
    [
        ("def make(): return 1", "mkae", UnknownModel, "Did you mean 'make'"),
        ("def make(): return 1 / 0", "make", ModelFailed, "ZeroDivisionError"),
        ("this is no Python", "make", ModelFailed, "SyntaxError"),
        ("def make(): return 3", "make", TypeError, "int"),
    ],
)
def test_a_factory_that_fails_is_one_error_that_names_it(source, factory, error, says, tmp_path):
    (tmp_path / "mine.py").write_text(source)
    with pytest.raises(error, match=says) as caught:
        zoo.load(f"{tmp_path / 'mine.py'}:{factory}")
    assert len(caught.value.lines().splitlines()) == 2


def test_a_program_by_name_or_plain_path(tmp_path):
    module = torch.nn.Flatten()
    torch.export.save(torch.export.export(module, (torch.rand(1, 3, 2, 2),)), tmp_path / "m.pt2")
    image = torch.rand(1, 3, 2, 2)
    for name in (f"pt2:{tmp_path / 'm.pt2'}", str(tmp_path / "m.pt2")):
        torch.testing.assert_close(zoo.load(name)(image), image.flatten(1))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("timm:resnt18", "resnet18"),
        ("torchvision:resnt18", "resnet18"),
        ("defualt", "default"),
        ("tim:resnet18", "timm:"),
        ("resnet18", "There is no model 'resnet18'"),
        ("timm:", "There is no model 'timm:'"),
        ("w.pth", "not the network"),
        ("timm:resnet18?wieghts=x", "wieghts"),
        ("timm:test_vit?weights=nowhere.pth", "nowhere.pth"),
        ("nowhere.py:make", "nowhere.py"),
        ("nowhere.onnx", "nowhere.onnx"),
        ("", "There is no model ''"),
    ],
)
def test_an_unknown_name_is_met_with_near_names_or_the_forms(name, says):
    with pytest.raises(UnknownModel) as caught:
        zoo.load(name)
    assert says in caught.value.problem
    assert len(caught.value.lines().splitlines()) == 2


def test_a_missing_package_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(MissingPackage, match=r"seewhy\[timm\]"):
        zoo.load("timm:resnet18")


def test_a_torchvision_that_does_not_fit_torch_is_one_error_not_a_traceback(monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(zoo.importlib, "import_module", broken)
    with pytest.raises(MissingPackage, match="torchvision::nms"):
        zoo.load("timm:resnet18")


def test_weights_that_do_not_fit_are_refused(tmp_path):
    torch.save({"head.weight": torch.zeros(2, 2)}, tmp_path / "w.pth")
    with pytest.raises(BadCheckpoint, match="do not fit VisionTransformer"):
        zoo.load(f"{TINY}?weights={tmp_path / 'w.pth'}")
