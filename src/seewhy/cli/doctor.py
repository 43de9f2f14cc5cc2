"""`seewhy doctor`: what is installed, on which device, and what works as a consequence."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from .. import __version__
from ..errors import SeewhyError
from . import options as o
from .exits import OK, PARTIAL
from .screen import out, print_json, words

SCHEMA = {"name": "seewhy-doctor", "version": 1}
PACKAGES = {  # distribution: (module, what it is for, extra that brings it)
    "torch": ("torch", "running networks", ""),
    "scikit-image": ("skimage.segmentation", "superpixels and the bundled photos", "regions"),
    "matplotlib": ("matplotlib", "plot()", "plot"),
    "onnxruntime": ("onnxruntime", "onnx:FILE", "onnx"),
    "safetensors": ("safetensors", "safetensors checkpoints", "safetensors"),
    "timm": ("timm", "timm:NAME", "timm"),
    "torchvision": ("torchvision", "torchvision:NAME", "torchvision"),
    "transformers": ("transformers", "hf:DIR", "huggingface"),
    "av": ("av", "video files: clip.mp4", "video"),
    "openvino": ("openvino", "faster answers where hundreds are asked for", "fast"),
}
STATES = {"works": ("✓", "green"), "missing": ("–", "dim"), "broken": ("✗", "red")}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: str  # works, missing or broken
    found: str  # version, or why not
    gives: str  # what works when it works


def doctor(json: o.Json = False) -> None:
    """Show what is installed, which devices there are, and what works; exit 1 when something installed is broken."""
    findings = [*(package(name) for name in PACKAGES), bundled()]
    about = {"seewhy": __version__, "python": platform.python_version(), "system": platform.platform()}
    about |= {"devices": ", ".join(devices())}
    if json:
        print_json({"schema": SCHEMA, **about, "findings": [asdict(finding) for finding in findings]})
    else:
        out().print(table(about, findings))
    raise typer.Exit(PARTIAL if any(finding.state == "broken" for finding in findings) else OK)


def package(name: str) -> Finding:
    """Whether a package is there and can be imported; one that cannot is told in words."""
    module, gives, extra = PACKAGES[name]
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        fix = f"pip install 'seewhy[{extra}]'" if extra else f"pip install {name}"
        return Finding(name, "missing", f"not installed: {fix}", gives)
    broken = _trouble(lambda: importlib.import_module(module))
    return (
        Finding(name, "broken", f"{version} cannot be imported: {broken}", gives)
        if broken
        else Finding(name, "works", version, gives)
    )


def bundled() -> Finding:
    """Whether the bundled network is there with the right digest."""
    gives = "explaining without a model of your own"
    try:
        from ..errors import MissingPackage
        from ..models import bundled

        bundled.network()
        bundled.imagenet_labels()
    except MissingPackage as error:
        return Finding(o.DEFAULT_MODEL, "missing", f"not installed: {error.fix}", gives)
    except Exception as error:
        return Finding(o.DEFAULT_MODEL, "broken", _first_line(error), gives)
    return Finding(o.DEFAULT_MODEL, "works", "weights verified by digest", gives)


def devices() -> list[str]:
    """The devices that networks can run on."""
    try:
        import torch
    except Exception:
        return ["none, without torch"]
    found = [f"cpu ({torch.get_num_threads()} threads)"]
    found += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    return [*found, "mps"] if torch.backends.mps.is_available() else found


def table(about: dict[str, str], findings: list[Finding]) -> RenderableType:
    """A line for each finding, with symbol and word; the reasons of what does not work below."""
    head, rows = (Table.grid(padding=(0, 2, 0, 0)) for _ in range(2))
    for name, value in about.items():
        head.add_row(words(name, "dim"), words(value))
    for finding in findings:
        symbol, style = STATES[finding.state]
        version = finding.found if finding.state == "works" else ""
        cells = (words(f"{symbol} {finding.state}", style), words(finding.name), words(version))
        rows.add_row(*cells, words(finding.gives, "dim"))
    idle = [words(f"{f.name}: {f.found}") for f in findings if f.state != "works"]
    return Group(head, words(""), rows, *([words(""), *idle] if idle else []))


def _trouble(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except Exception as error:  # whatever an import raises is what the person needs to know
        return _first_line(error)
    return ""


def _first_line(error: Exception) -> str:
    text = error.problem if isinstance(error, SeewhyError) else str(error)
    return f"{type(error).__name__}: {(text.splitlines() or [''])[0]}"
