"""Weight files: opened without running code, verified, or refused in two lines."""

import hashlib
import json
import pickle
import zipfile

import pytest
import torch
from torch import nn

from seewhy.errors import BadCheckpoint, UnknownModel, UnsafeCheckpoint
from seewhy.models.checkpoint import load_into, read, weights

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # of torch's loaders
RAN = []


def run(word):
    RAN.append(word)
    return word


class Payload:
    """Runs a function when it is unpickled."""

    def __reduce__(self):
        return run, ("payload",)


@pytest.fixture(autouse=True)
def _fresh():
    RAN.clear()


def net():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2)).eval()


def program(path, module=None):
    torch.export.save(torch.export.export(module or net(), (torch.rand(2, 3, 4, 4),)), path)
    return path


def rewritten(path, change):
    """The archive with each member passed through change(name, content); None drops it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def save_with_torch(path):
    torch.save({"weight": Payload()}, path)


def save_raw(path):
    path.write_bytes(pickle.dumps({"weight": Payload()}))


def save_old(path):
    torch.save({"weight": Payload()}, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("save", [save_with_torch, save_raw, save_old])
def test_a_malicious_pickle_is_refused_and_its_payload_never_runs(save, tmp_path):
    path = tmp_path / "model.pth"
    save(path)
    with pytest.raises(UnsafeCheckpoint, match="can run code") as caught:
        read(path)
    assert RAN == []
    assert "trust_pickle=True" in caught.value.fix


def test_trusting_a_pickle_has_to_be_said_and_then_loads_it(tmp_path):
    save_with_torch(tmp_path / "model.pth")
    read(tmp_path / "model.pth", trust_pickle=True)
    assert RAN == ["payload"]


def test_the_refusal_names_the_global_that_the_file_asked_for(tmp_path):
    torch.save(net(), tmp_path / "whole.pt")
    with pytest.raises(UnsafeCheckpoint, match=r"torch\.nn\.modules\.container\.Sequential"):
        read(tmp_path / "whole.pt")
    assert isinstance(read(tmp_path / "whole.pt", trust_pickle=True), nn.Sequential)


def test_a_torchscript_program_is_refused_by_name(tmp_path):
    torch.jit.trace(net(), torch.rand(1, 3, 4, 4)).save(tmp_path / "traced.pt")
    with pytest.raises(UnsafeCheckpoint, match="TorchScript"):
        read(tmp_path / "traced.pt")


@pytest.mark.parametrize("nest", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}, lambda s: {"model": s}])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_weights_are_found_under_the_wrapping_of_training_scripts(nest, prefix, tmp_path):
    state = net().state_dict()
    torch.save(nest({prefix + key: value for key, value in state.items()}), tmp_path / "w.pt")
    found = weights(tmp_path / "w.pt")
    assert list(found) == list(state)
    assert all(torch.equal(found[key], state[key]) for key in state)


def test_safetensors_are_read(tmp_path):
    from safetensors.torch import save_file

    state = net().state_dict()
    save_file(state, tmp_path / "w.safetensors")
    assert torch.equal(weights(tmp_path / "w.safetensors")["1.weight"], state["1.weight"])


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ".safetensors", ".pt2"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not a checkpoint", b"PK\x03\x04 cut", b"\x80\x04cut"])
def test_a_file_that_is_no_checkpoint_is_refused_in_two_lines(suffix, content, tmp_path):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    with pytest.raises((BadCheckpoint, UnsafeCheckpoint)) as caught:
        read(path)
    assert len(caught.value.lines().splitlines()) == 2
    assert path.name in str(caught.value)


def test_a_truncated_checkpoint_is_called_damaged(tmp_path):
    torch.save(net().state_dict(), tmp_path / "w.pth")
    content = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadCheckpoint, match="damaged"):
        read(tmp_path / "w.pth")


def test_a_missing_file_suggests_its_neighbour(tmp_path):
    (tmp_path / "resnet18.pth").write_bytes(b"x")
    with pytest.raises(UnknownModel, match=r"resnet18\.pth"):
        read(tmp_path / "resnet81.pth")


def test_a_wrong_digest_is_refused_before_the_file_is_opened(tmp_path):
    save_raw(tmp_path / "w.pth")
    with pytest.raises(UnsafeCheckpoint, match="SHA-256"):
        read(tmp_path / "w.pth", trust_pickle=True, expect_sha256="ab" * 32)
    assert RAN == []
    torch.save(net().state_dict(), tmp_path / "w.pth")
    digest = hashlib.sha256((tmp_path / "w.pth").read_bytes()).hexdigest()
    assert weights(tmp_path / "w.pth", expect_sha256=digest.upper())


def test_a_checkpoint_without_weights_says_what_it_holds(tmp_path):
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "w.pth")
    with pytest.raises(BadCheckpoint, match="epoch, lr"):
        weights(tmp_path / "w.pth")


def test_weights_of_another_network_are_refused_with_the_first_misfit():
    with pytest.raises(BadCheckpoint, match=r"1\.weight"):
        load_into(net(), {"0.weight": torch.zeros(3)}, "w.pth")


# -- .pt2: opening one with torch alone can run code; each way of doing so is refused before torch sees the file


def test_an_honest_program_is_opened(tmp_path):
    module = net()
    opened = read(program(tmp_path / "m.pt2", module))
    images = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(opened.module()(images), module(images))


def test_a_program_of_any_batch_size_is_opened(tmp_path):
    shapes = ({0: torch.export.Dim("batch")},)
    torch.export.save(torch.export.export(net(), (torch.rand(2, 3, 4, 4),), dynamic_shapes=shapes), tmp_path / "m.pt2")
    assert read(tmp_path / "m.pt2").module()(torch.rand(5, 3, 4, 4)).shape == (5, 2)


def poisoned(name, content):
    return pickle.dumps(Payload()) if "sample_inputs" in name else content


def test_a_program_with_a_malicious_pickle_inside_is_refused(tmp_path):
    path = rewritten(program(tmp_path / "m.pt2"), poisoned)
    with pytest.raises(UnsafeCheckpoint, match="sample_inputs"):
        read(path)
    assert RAN == []


def test_torch_alone_would_have_run_that_pickle(tmp_path):
    path = rewritten(program(tmp_path / "m.pt2"), poisoned)
    with pytest.raises(Exception):  # noqa: B017, PT011  whatever it makes of the payload's value
        torch.export.load(path)
    assert RAN, "torch became strict: program_file.py may be needed no more"


def with_json(change):
    def rewrite(name, content):
        if not name.endswith("models/model.json"):
            return content
        graph = json.loads(content)
        change(graph)
        return json.dumps(graph).encode()

    return rewrite


def call_system(graph):
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"


def load_library(graph):
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.load_library"


def evaluate(graph):
    graph["range"] = {"expr_str": "__import__('os').getcwd()"}


def evaluate_by_sympify(graph):
    graph["range"] = {"expr_str": "S('open')"}


def import_module(graph):
    graph["in_spec"] = '[1, {"type": "x", "context": "{\\"__enum__\\": true}"}]'


@pytest.mark.parametrize("change", [call_system, load_library, evaluate, evaluate_by_sympify, import_module])
def test_a_program_whose_graph_could_run_code_is_refused(change, tmp_path):
    path = rewritten(program(tmp_path / "m.pt2"), with_json(change))
    with pytest.raises(UnsafeCheckpoint, match="can run code"):
        read(path)


def test_a_program_with_a_compiled_library_or_pickled_weights_is_refused(tmp_path):
    path = program(tmp_path / "m.pt2")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(UnsafeCheckpoint, match="aotinductor"):
        read(path)
    pickled = rewritten(
        program(tmp_path / "n.pt2"), lambda name, c: c.replace(b'"use_pickle":false', b'"use_pickle":true')
    )
    pickled = rewritten(pickled, lambda name, c: c.replace(b'"use_pickle": false', b'"use_pickle": true'))
    with pytest.raises(UnsafeCheckpoint, match="pickled"):
        read(pickled)
