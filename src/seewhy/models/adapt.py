"""Anything that classifies images as a Model."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from ..errors import BadOption, UnsupportedModel
from ..inputs.preprocess import Preprocess
from . import zoo
from .carried import carried_by, labels_of, paced, preprocess_of
from .function import FunctionModel, Takes
from .model import Model
from .queries import queries_of
from .tasks import Task, kind_for, task_of
from .torch_module import TorchModel
from .unwrapped import unwrapped

ROWS = ("classes", "embedding", "regression")  # tasks that a table of numbers can answer
KINDS = (
    "a torch.nn.Module, a torch.export program, an ONNX file or session, a Hugging Face pipeline,"
    " a Python function, a model by name, or the URL of an Open Inference Protocol endpoint"
)


@dataclass(frozen=True)
class Said:
    """What the person said about the model; what is found beside it fills the gaps only."""

    preprocess: Any = None
    labels: Any = None
    name: str | None = None
    output: Any = None  # which answer to use: a function of a module's output, or the name of an ONNX or served output
    takes: str | None = None  # what is handed over: the order of a clip's axes, or what a plain function is given
    task: str | None = None
    unit: str | None = None  # of values
    batch: int | None = None  # the largest batch that a plain function can take

    def filled(self, **found: Any) -> Said:
        return replace(self, **{key: value for key, value in found.items() if getattr(self, key) is None})

    def refuse(self, kind: str, *unfit: str) -> None:
        """Options that this kind of model does not have are errors, never ignored."""
        for key in unfit:
            if getattr(self, key) is not None:
                raise BadOption(f"{key}={getattr(self, key)!r} means nothing for {kind}.", fix=f"leave {key} out.")


def adapt(
    thing: Any,
    *,
    preprocess: Any = None,
    labels: Any = None,
    device: str | torch.device | None = None,
    name: str | None = None,
    output: Any = None,
    takes: Takes | str | None = None,
    batch: int | None = None,
    task: Task | None = None,
    unit: str | None = None,
    trust_pickle: bool = False,
) -> Model:
    """A model that can be explained, from anything that answers about images; `task` says what it answers."""
    if labels is None and hasattr(preprocess, "meta"):  # torchvision weights carry both
        labels = labels_of(preprocess)
    said = Said(preprocess, labels, name, output, takes, task, unit, batch)
    if not isinstance(thing, str | os.PathLike):
        return _placed(thing, said, device)
    found = zoo.find(os.fspath(thing), trust_pickle=trust_pickle)
    said = said.filled(preprocess=found.preprocess, labels=found.labels)
    if isinstance(found.thing, nn.Module) and device is not None:
        found.thing.to(_device(device))
    if not isinstance(found.thing, Model):
        said = said.filled(name=found.name or os.fspath(thing))
    model = _placed(found.thing, said, device)
    model.notes = (*model.notes, *found.notes)
    return model


def _placed(thing: Any, said: Said, device: str | torch.device | None) -> Model:
    """The adapted model, which must already be on the device that was asked for: a person's model is never moved."""
    model = _with_task(_adapted(thing, said), said)
    wanted = None if device is None else _device(device)
    if wanted and (wanted.type != model.device.type or wanted.index not in (None, model.device.index)):
        raise BadOption(
            f"{model.name} is on {model.device}, not on {device}, and is not moved behind your back.",
            fix=f"call model.to({str(device)!r}) first, or leave device out."
            if isinstance(thing, nn.Module)
            else "leave device out: this kind of model decides by itself where it runs.",
        )
    return model


def _with_task(model: Model, said: Said) -> Model:
    """What a model answers that only answers; a network knows it already."""
    if said.task is not None and not isinstance(model, TorchModel):
        if said.task not in ROWS:
            raise BadOption(
                f"task={said.task!r} is not possible for {model.name}, which answers rows of numbers.",
                fix=f"give one of: {', '.join(ROWS)}; or wrap a torch.nn.Module.",
            )
        model.task, model.kind, model.unit = said.task, kind_for(said.task), said.unit or ""  # type: ignore[assignment, arg-type]
    if said.unit is not None and model.task != "regression":
        raise BadOption(f"unit={said.unit!r} means nothing for {model.task}.", fix="add task='regression'.")
    return model


def _adapted(thing: Any, said: Said) -> Model:
    if isinstance(thing, Model):
        said.refuse("a model that is already adapted", *vars(said))
        return thing
    if isinstance(thing, nn.Module):
        return _module(thing, said)
    if isinstance(thing, torch.export.ExportedProgram):
        from .exported import ExportedModel

        said.refuse("a torch.export program", "takes", "batch")
        return ExportedModel(thing, output=said.output, **_common(said))
    if isinstance(thing, str):
        from .remote import RemoteModel

        said.refuse("an endpoint", "takes")
        return RemoteModel(
            thing,
            name=said.name,
            labels=labels_of(said.labels),
            preprocess=said.preprocess,
            output=said.output,
            batch=said.batch,
        )
    if isinstance(thing, os.PathLike | bytes) or hasattr(thing, "SerializeToString") or hasattr(thing, "get_inputs"):
        from .onnx import OnnxModel

        said.refuse("an ONNX model", "takes", "batch")
        return OnnxModel(
            thing, name=said.name, labels=labels_of(said.labels), preprocess=said.preprocess, output=said.output
        )
    if isinstance(getattr(thing, "model", None), nn.Module) and hasattr(thing, "image_processor"):  # a pipeline
        return _module(thing.model, said.filled(preprocess=thing.image_processor))
    if callable(thing) and not isinstance(thing, type):
        said.refuse("a function", "output")
        return FunctionModel(thing, takes=said.takes, batch=said.batch, **_common(said))
    what = f"The class {thing.__name__}" if isinstance(thing, type) else f"A {type(thing).__name__}"
    raise UnsupportedModel(f"{what} is not a model that seewhy can ask.", fix=f"give {KINDS}.")


def _module(module: nn.Module, said: Said) -> Model:
    said.refuse("a torch.nn.Module", "batch", *(["takes"] if said.takes in ("array", "images") else []))
    beside = carried_by(module)
    notes = beside.notes if said.preprocess is None else ()
    said = said.filled(preprocess=beside.preprocess, labels=beside.labels)
    kind = task_of(unwrapped(module), said.task)
    output = said.output or (queries_of(unwrapped(module)) if kind == "detection" else None)
    common = _common(said)
    if not isinstance(said.preprocess, Preprocess):
        common["preprocess"] = paced(common["preprocess"], module)
    model = TorchModel(module, output=output, task=kind, unit=said.unit or "", takes=said.takes, **common)
    model.notes = (*model.notes, *notes)
    return model


def _common(said: Said) -> dict[str, Any]:
    return {"name": said.name, "labels": labels_of(said.labels), "preprocess": preprocess_of(said.preprocess)}


def _device(device: str | torch.device) -> torch.device:
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise BadOption(
            f"The device {str(device)!r} cannot be used here: {str(error).splitlines()[0][:200]}",
            fix="use cpu, cuda or cuda:N (`seewhy doctor` shows what is there).",
        ) from error
    return found
