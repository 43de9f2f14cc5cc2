"""Arguments and options that several commands share, each declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = "efficientnet-lite0"


class ScaleName(StrEnum):
    """Scales of the score."""

    logit = "logit"
    probability = "probability"
    log_odds = "log-odds"


class Checks(StrEnum):
    """How many model calls checks may cost."""

    quick = "quick"
    standard = "standard"
    full = "full"


class PrecisionName(StrEnum):
    """Number types of the computation."""

    float32 = "float32"
    bfloat16 = "bfloat16"


class View(StrEnum):
    """Ways to draw a map."""

    heat = "heat"
    contour = "contour"
    regions = "regions"
    map = "map"


MODEL_PANEL, QUESTION, OUTPUT = "Model", "Question", "Output"

Inputs = Annotated[list[str], typer.Argument(help="Photos: files, folders, or photo:cat for a bundled one.")]
OneInput = Annotated[str, typer.Argument(help="A photo: a file, or photo:cat for a bundled one.")]
ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="timm:NAME, torchvision:NAME, hf:DIR, onnx:FILE, pt2:FILE, module.py:factory, URL of an endpoint, "
        "or the bundled network.",
        rich_help_panel=MODEL_PANEL,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(help="Class names: a text file with one per line, or JSON.", rich_help_panel=MODEL_PANEL),
]
Prepare = Annotated[
    str | None,
    typer.Option(
        "--preprocess",
        help="How the model wants its photos where it does not say: size=224 mean=0.5 std=0.5, a JSON file, or none.",
        rich_help_panel=MODEL_PANEL,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(help="cpu, cuda, cuda:1 or mps; otherwise where the model is.", rich_help_panel=MODEL_PANEL),
]
TrustPickle = Annotated[
    bool,
    typer.Option(
        "--trust-pickle", help="Open checkpoints that can run code; only your own.", rich_help_panel=MODEL_PANEL
    ),
]
MethodNames = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        "-M",
        help="A method, as `seewhy methods` lists them; may be given several times.",
        rich_help_panel=QUESTION,
    ),
]
TargetName = Annotated[
    str | None,
    typer.Option("--target", "-t", help="Class name or index; otherwise the top class.", rich_help_panel=QUESTION),
]
Against = Annotated[str | None, typer.Option(help="Why the target rather than this class?", rich_help_panel=QUESTION)]
Scale = Annotated[
    ScaleName | None,
    typer.Option(help="Scale of the score; otherwise the one each method was published for.", rich_help_panel=QUESTION),
]
Seed = Annotated[int, typer.Option(help="Seed of all randomness.", rich_help_panel=QUESTION)]
Budget = Annotated[
    int | None, typer.Option(help="Most model calls per photo and method.", min=1, rich_help_panel=QUESTION)
]
CheckLevel = Annotated[Checks, typer.Option("--checks", help="How much checking may cost.", rich_help_panel=QUESTION)]
Precision = Annotated[PrecisionName, typer.Option(help="Numbers to compute with.", rich_help_panel=QUESTION)]
Out = Annotated[Path | None, typer.Option(help="Folder for saved explanations and pictures.", rich_help_panel=OUTPUT)]
Report = Annotated[Path | None, typer.Option(help="Write a self-contained HTML report.", rich_help_panel=OUTPUT)]
Views = Annotated[
    list[View], typer.Option("--view", help="How pictures in --out are drawn; several allowed.", rich_help_panel=OUTPUT)
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.", rich_help_panel=OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No words on stdout, no progress.", rich_help_panel=OUTPUT)]
Progress = Annotated[
    bool | None,
    typer.Option(
        "--progress/--no-progress",
        help="Time left on stderr; otherwise on a terminal only.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
