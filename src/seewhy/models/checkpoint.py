"""Opening weight files without letting them run code, and putting the weights into a network."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import BadCheckpoint, MissingPackage, SeewhyError, UnknownModel, UnsafeCheckpoint, near

if TYPE_CHECKING:
    from collections.abc import Iterator

PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
SUFFIXES = (".safetensors", ".pt2", *PICKLES)
NESTED = ("state_dict", "model_state_dict", "model", "net", "module")  # where training scripts keep the weights
WRAPPED = ("module.", "_orig_mod.")  # DataParallel, torch.compile
SAFER = "save it as safetensors, ONNX or plain tensors by name"


def read(path: str | Path, *, trust_pickle: bool = False, expect_sha256: str | None = None) -> object:
    """What the file holds: tensors by name, an exported program or, when pickles are trusted, any object."""
    path = existing(path)
    with path.open("rb") as file, _damage(path):
        if expect_sha256 is not None:
            _verify(file, path, expect_sha256)
        if path.suffix == ".safetensors":
            return _safetensors(file)
        if path.suffix == ".pt2":
            from .program_file import refuse_code

            if not trust_pickle:
                refuse_code(file, path)
            return torch.export.load(file)
        if path.suffix in PICKLES:
            return _pickle(file, path, trust_pickle)
    raise BadCheckpoint(
        f"{path.name} is no kind of checkpoint that is known.", fix=f"use one of {', '.join(SUFFIXES)}."
    )


def weights(path: str | Path, *, trust_pickle: bool = False, expect_sha256: str | None = None) -> dict[str, Tensor]:
    """The tensors by name that a checkpoint holds, freed of the wrapping that training scripts leave."""
    state = read(path, trust_pickle=trust_pickle, expect_sha256=expect_sha256)
    if isinstance(state, nn.Module):
        return dict(state.state_dict())
    places: list[Any] = [state, *(state.get(key) for key in NESTED)] if isinstance(state, Mapping) else []
    found = next((dict(place) for place in places if _tensors(place)), None)
    if found is None:
        raise BadCheckpoint(f"{Path(path).name} holds no weights but {_kind(state)}.", fix="give a file of weights.")
    for prefix in WRAPPED:
        if all(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): value for key, value in found.items()}
    return found


def load_into(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Put all weights into the module, or say which do not fit."""
    try:
        module.load_state_dict(dict(state), strict=True, assign=next(module.parameters()).is_meta)
    except RuntimeError as error:
        details = [line.strip() for line in str(error).splitlines()[1:]]
        raise BadCheckpoint(
            f"The weights of {source} do not fit {type(module).__name__}: {(details or [str(error)])[0][:200]}",
            fix="name the network that these weights belong to, with the same number of classes.",
        ) from error


def existing(path: str | Path) -> Path:
    """The path of a model file that exists and is not empty."""
    path = Path(path).expanduser()
    if not path.is_file():
        beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UnknownModel(f"There is no model file {str(path)!r}.{near(path.name, beside)}", fix="check the path.")
    if path.stat().st_size == 0:
        raise BadCheckpoint(f"{path.name} is empty.", fix="copy or download the file again.")
    return path


def _pickle(file: IO[bytes], path: Path, trust: bool) -> object:
    kind = file.read(1)
    file.seek(0)
    try:
        return torch.load(file, map_location="cpu", weights_only=not trust)
    except (pickle.UnpicklingError, RuntimeError) as error:
        refused = re.search(r"GLOBAL ([\w.]+)|(TorchScript) archives", str(error))
        if trust or not (refused or (isinstance(error, pickle.UnpicklingError) and kind in (b"P", b"\x80"))):
            raise  # neither an archive nor a pickle
        asks = (refused[1] or "a TorchScript program") if refused else "objects, not just tensors"
        raise UnsafeCheckpoint(
            f"{path.name} holds more than plain weights and can run code when it is opened: it asks for {asks}.",
            fix=f"{SAFER}; or, only if you trust who made it, pass trust_pickle=True (--trust-pickle).",
        ) from error


def _safetensors(file: IO[bytes]) -> dict[str, Tensor]:
    try:
        from safetensors.torch import load
    except ImportError as error:
        raise MissingPackage(
            "Reading safetensors needs the package safetensors.", fix="pip install 'seewhy[safetensors]'"
        ) from error
    tensors: dict[str, Tensor] = load(file.read())
    return tensors


def _verify(file: IO[bytes], path: Path, expected: str) -> None:
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    if found != expected.lower():
        raise UnsafeCheckpoint(
            f"{path.name} is not the file that was expected: its SHA-256 is {found}, not {expected}.",
            fix="get the file again from its source; do not use this one.",
        )


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except SeewhyError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise BadCheckpoint(
            f"{path.name} is damaged or no checkpoint ({reason}).", fix="copy or download the file again."
        ) from error


def _tensors(state: Any) -> bool:
    return isinstance(state, Mapping) and len(state) > 0 and all(isinstance(value, Tensor) for value in state.values())


def _kind(state: object) -> str:
    if isinstance(state, Mapping):
        return f"a dictionary of {', '.join(map(str, list(state)[:5])) or 'nothing'}"
    return type(state).__name__
