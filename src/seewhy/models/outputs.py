"""What every model's answer must be: one finite float32 row of class outputs per image."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ..domain.shapes import Outputs
from ..errors import BadModelOutput, ModelFailed, SeewhyError

WANTED = "make the model return one row of class scores per image: shape (n, classes)."

PICTURE = "if these are scores per pixel: seewhy.adapt(model, task='segmentation'); otherwise return rows (n, classes)."


def checked(outputs: object, rows: int, name: str) -> Outputs:
    """The raw answer as float32 (rows, classes), on its device and in its graph, or an error that says why not."""
    tensor = _tensor(outputs, name)
    shape = tuple(tensor.shape)
    if tensor.ndim == 1:
        tensor = tensor[:, None]
    if tensor.ndim != 2 or len(tensor) != rows or tensor.shape[1] == 0:
        fix = PICTURE if len(shape) == 4 and shape[0] == rows else WANTED
        raise BadModelOutput(f"{name} answered with shape {shape} for {rows} image{'s' * (rows != 1)}.", fix=fix)
    tensor = tensor.float()
    finite = torch.isfinite(tensor)
    if not finite.all():
        bad = tensor.detach()[~finite]
        raise BadModelOutput(
            f"{name} answered with {len(bad)} of {tensor.numel()} outputs not finite (the first is {float(bad[0])}).",
            fix="check the weights and the preprocessing: a score must be a finite number.",
        )
    return tensor


@contextmanager
def asking(name: str, shape: tuple[int, ...], hint: str = "") -> Iterator[None]:
    """Turn what the model raises into ModelFailed; out-of-memory passes, so that the engine can ask for less."""
    try:
        yield
    except SeewhyError:
        raise
    except Exception as error:
        if out_of_memory(error):
            raise
        reason = (str(error).strip() or "no message").splitlines()[0][:300]
        raise ModelFailed(
            f"{name} raised {type(error).__name__} for an input of shape {shape}: {reason}",
            fix=f"run the model once by hand on that shape; check its input size, channels and preprocessing{hint}.",
        ) from error


def out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch could succeed."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = ("out of memory", "can't allocate memory", "failed to allocate memory")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)


def _tensor(outputs: object, name: str) -> Tensor:
    if not isinstance(outputs, Tensor):
        try:
            array = np.asarray(outputs)
            outputs = torch.from_numpy(array.astype(np.float32)) if array.dtype.kind in "fiub" else None
        except (ValueError, TypeError):
            outputs = None
    if not isinstance(outputs, Tensor) or outputs.is_complex():
        raise BadModelOutput(f"{name} did not answer with numbers in a table.", fix=WANTED)
    return outputs
