"""ONNX files, graphs and onnxruntime sessions as models."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..domain.shapes import Variants
from ..errors import BadCheckpoint, BadOption, MissingPackage, UnsupportedModel, near
from .black_box import BlackBox
from .carried import preprocess_of
from .image_input import ImageInput

WHY = "an ONNX graph answers but keeps neither gradients nor layers; give the torch.nn.Module for these"
TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


class OnnxModel(BlackBox):
    """Reads from the graph what input it takes: order of the axes, size, number type and batch."""

    elsewhere = True

    def __init__(
        self,
        source: Any,  # a path, the bytes of a file, an onnx.ModelProto or an onnxruntime.InferenceSession
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Any = None,
        output: str | None = None,
    ) -> None:
        self.session, self._digest = _session(source)
        self.input = _image_input(self.session)
        self.size, self.limit = self.input.size, self.input.batch
        self.output = _output(self.session, output)
        title = name or (Path(source).stem if isinstance(source, str | os.PathLike) else "ONNX graph")
        super().__init__(title, labels=labels, preprocess=preprocess_of(preprocess, size=self.size), why=WHY)

    def ask(self, ready: Variants) -> object:
        return self.input.ask(self._run, ready, self.limit)

    def _run(self, chunk: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(self.session.run([self.output], {self.input.name: chunk})[0])

    def _identity(self) -> object:
        return self._digest, self.output


def _session(source: Any) -> tuple[Any, str]:
    try:
        import onnxruntime as runtime
    except ImportError as error:
        raise MissingPackage("Running ONNX needs onnxruntime.", fix="pip install 'seewhy[onnx]'") from error
    if isinstance(source, runtime.InferenceSession):
        return source, _digest_of_session(source)
    if hasattr(source, "SerializeToString"):
        source = source.SerializeToString()
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        given = source if isinstance(source, bytes) else os.fspath(source)
        session = runtime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
        content = given if isinstance(given, bytes) else _content(Path(given))
    except Exception as error:  # onnxruntime raises classes of its own that derive from nothing in common
        what = "The ONNX graph" if isinstance(source, bytes) else Path(source).name
        raise BadCheckpoint(
            f"{what} cannot be opened by onnxruntime: {str(error).strip().splitlines()[0][:300]}",
            fix="check the file with onnx.checker, or export it again.",
        ) from error
    return session, hashlib.sha256(content).hexdigest()


def _content(path: Path) -> bytes:
    # Exporters keep large weights in a file beside the graph: model.onnx.data.
    files = [path, *sorted(beside for beside in path.parent.iterdir() if beside.name.startswith(f"{path.name}."))]
    return b"".join(file.read_bytes() for file in files)


def _digest_of_session(session: Any) -> str:
    # A session does not give its graph back; its file may be named, otherwise only its face is known.
    path = Path(str(getattr(session, "_model_path", "") or ""))
    face = [(node.name, node.type, node.shape) for node in [*session.get_inputs(), *session.get_outputs()]]
    content = _content(path) if path.is_file() else getattr(session, "_model_bytes", None) or repr(face).encode()
    return hashlib.sha256(content).hexdigest()


def _image_input(session: Any) -> ImageInput:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in TYPES or len(inputs[0].shape) < 3:
        found = ", ".join(f"{node.name} {node.type} {node.shape}" for node in inputs)
        raise UnsupportedModel(
            f"The graph takes {found}; one batch of images is expected.",
            fix="export a graph with one float or uint8 input (n,c,h,w) or (n,h,w,c), or wrap it in a function.",
        )
    (node,) = inputs
    shape = tuple(side if isinstance(side, int) else None for side in node.shape)
    return ImageInput(node.name, shape, TYPES[node.type])


def _output(session: Any, asked: str | None) -> str:
    outputs = session.get_outputs()
    names = [str(node.name) for node in outputs]
    if asked is not None:
        if asked not in names:
            raise BadOption(f"The graph has no output {asked!r}.{near(asked, names)}", fix=f"use {' or '.join(names)}.")
        return asked
    tables = [str(node.name) for node in outputs if node.type in TYPES and len(node.shape) == 2]
    if len(tables) == 1 or len(names) == 1:
        return (tables or names)[0]
    raise UnsupportedModel(
        f"The graph has {len(names)} outputs, and it is not clear which holds the class scores: {', '.join(names)}.",
        fix="give seewhy.adapt(model, output='NAME').",
    )
