"""Models by name: where a name leads, and what is said about what was found there."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..errors import BadCheckpoint, MissingPackage, ModelFailed, UnknownModel, near
from . import bundled
from .checkpoint import existing, load_into, read, weights

if TYPE_CHECKING:
    from .model import Model

FORMS = (
    f"{bundled.NAME} (or default), timm:NAME, torchvision:NAME, hf:DIR, onnx:FILE, pt2:FILE, module.py:factory,"
    " http://HOST/v2/models/NAME; weights as timm:NAME?weights=FILE"
)
PROCESSORS = {"preprocessor_config.json": "AutoImageProcessor", "video_preprocessor_config.json": "AutoVideoProcessor"}
RANDOM = "Random weights: this network is not trained, so its answers mean nothing."


@dataclass(frozen=True)
class Found:
    """What a name led to, in a form that `adapt` understands."""

    thing: Any
    preprocess: Any = None
    labels: Any = None
    notes: tuple[str, ...] = ()
    name: str | None = None  # when it differs from what was asked for


def load(name: str, *, device: str | None = None, trust_pickle: bool = False) -> Model:
    """The model of that name, ready to be explained."""
    from .adapt import adapt

    return adapt(name, device=device, trust_pickle=trust_pickle)


def find(name: str, *, trust_pickle: bool = False) -> Found:
    """What the name stands for; nothing is ever downloaded."""
    if name in (bundled.NAME, "default"):
        return Found(bundled.network(), bundled.INPUT, bundled.imagenet_labels(), name=bundled.NAME)
    if name.startswith(("http://", "https://")):
        return Found(name)
    scheme, _, rest = name.partition(":")
    if scheme in SCHEMES and rest:
        return SCHEMES[scheme](rest, trust_pickle)
    file, _, factory = name.rpartition(":")
    if file.endswith(".py"):
        return _factory(file, factory)
    if name.endswith(".onnx"):
        return Found(existing(name))
    if name.endswith(".pt2"):
        return Found(read(name, trust_pickle=trust_pickle))
    if Path(name).suffix in (".pth", ".pt", ".bin", ".ckpt", ".safetensors"):
        raise UnknownModel(
            f"{name!r} holds weights, but not the network they belong to.",
            fix="name the network too: timm:NAME?weights=FILE, torchvision:NAME?weights=FILE or module.py:factory.",
        )
    known = [bundled.NAME, "default", *(f"{scheme}:{rest}" for scheme in SCHEMES if rest)]
    raise UnknownModel(f"There is no model {name!r}.{near(name, known)}", fix=f"use one of: {FORMS}.")


def _timm(rest: str, trust_pickle: bool) -> Found:
    timm = _package("timm", "timm")
    name, file = _weights_of(rest)
    _known(name, "timm", timm.list_models())
    return _filled(lambda: timm.create_model(name, pretrained=False), file, trust_pickle)


def _torchvision(rest: str, trust_pickle: bool) -> Found:
    models = _package("torchvision", "torchvision").models
    name, file = _weights_of(rest)
    _known(name, "torchvision", [*models.list_models(module=models), *models.list_models(module=models.video)])
    return _filled(lambda: models.get_model(name, weights=None), file, trust_pickle)


def _huggingface(rest: str, trust_pickle: bool) -> Found:
    directory = Path(rest).expanduser()
    if not (directory / "config.json").is_file():
        raise UnknownModel(
            f"{rest!r} is no directory with a config.json; models are not downloaded.",
            fix="give the local directory that save_pretrained or `hf download` wrote.",
        )
    transformers = _package("transformers", "huggingface")
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        kind = _auto_class(transformers, directory)
        module = kind.from_pretrained(directory, use_safetensors=None if trust_pickle else True, **options)
        described = [auto for file, auto in PROCESSORS.items() if (directory / file).is_file()]
        processor = getattr(transformers, described[0]).from_pretrained(directory, **options) if described else None
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise BadCheckpoint(
            f"Hugging Face could not open {rest!r}: {str(error).strip().splitlines()[0][:300]}",
            fix="the directory needs config.json and model.safetensors (other weights: trust_pickle=True).",
        ) from error
    return Found(module, processor)


def _auto_class(transformers: Any, directory: Path) -> Any:
    """The class that builds the network of a directory: for clips where it was saved as one for clips."""
    names = json.loads((directory / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    of_clips = any(str(name).endswith("ForVideoClassification") for name in names)
    return transformers.AutoModelForVideoClassification if of_clips else transformers.AutoModelForImageClassification


def _factory(file: str, factory: str) -> Found:
    """Run the person's own file and call the function it names."""
    make = named_in_file(file, factory)
    try:
        return Found(make())
    except Exception as error:
        raise _failed(f"{Path(file).name}:{factory}", error, f"`{factory}()` run without arguments") from error


def named_in_file(file: str, name: str) -> Any:
    """What goes by that name in the person's own file, which is run."""
    path = existing(file)
    spec = importlib.util.spec_from_file_location(f"seewhy_user_{path.stem}", path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles of the file look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _failed(f"{path.name}:{name}", error, f"{path.name} run by itself") from error
    if not hasattr(module, name):
        problem = f"{path.name} has no {name!r}.{near(name, vars(module))}"
        raise UnknownModel(problem, fix=f"write {path.name}:NAME_OF_FUNCTION.")
    return getattr(module, name)


def _failed(what: str, error: Exception, make: str) -> ModelFailed:
    first = str(error).splitlines()[0] if str(error) else ""
    return ModelFailed(f"{what} raised {type(error).__name__}: {first}", fix=f"make {make}.")


def _filled(make: Callable[[], nn.Module], file: str | None, trust_pickle: bool) -> Found:
    with torch.random.fork_rng(devices=[]):  # the same random weights each time; the caller's generator stays put
        torch.default_generator.manual_seed(0)
        module = make().eval()
    if file is None:
        return Found(module, notes=(RANDOM,))
    load_into(module, weights(file, trust_pickle=trust_pickle), Path(file).name)
    return Found(module)


def _weights_of(rest: str) -> tuple[str, str | None]:
    name, _, query = rest.partition("?")
    if query and not (query.startswith("weights=") and query != "weights="):
        raise UnknownModel(f"{query!r} is no part of a model's name.", fix="write NAME?weights=FILE.")
    return name, query.removeprefix("weights=") or None


def _known(name: str, family: str, names: list[str]) -> None:
    if name.split(".")[0] not in names:
        raise UnknownModel(f"{family} has no model {name!r}.{near(name, names)}", fix=f"see {family}'s list_models().")


def _package(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPackage(f"This model needs the package {name}.", fix=f"pip install 'seewhy[{extra}]'") from error
    except RuntimeError as error:  # torchvision built for another torch raises this, and takes timm with it
        raise MissingPackage(
            f"The package {name} is installed but cannot be imported: {str(error).splitlines()[0][:200]}",
            fix="install the torchvision that belongs to the installed torch.",
        ) from error


SCHEMES: dict[str, Callable[[str, bool], Found]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "hf": _huggingface,
    "onnx": lambda rest, trust_pickle: Found(existing(rest)),
    "pt2": lambda rest, trust_pickle: Found(read(rest, trust_pickle=trust_pickle)),
}
