"""Arguments and options that several commands share, each declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = "efficientnet-lite0"
MODEL, QUESTION, OUTPUT = "Model", "Question", "Output"
FORMS = "timm:NAME, torchvision:NAME, hf:DIR, onnx:FILE, pt2:FILE, module.py:factory, or the URL of an endpoint."

ScaleName = StrEnum("ScaleName", {"logit": "logit", "probability": "probability", "log_odds": "log-odds"})
Checks = StrEnum("Checks", ["quick", "standard", "full"])
PrecisionName = StrEnum("PrecisionName", ["float32", "bfloat16"])
BackendName = StrEnum("BackendName", ["auto", "plain"])
PerWhat = StrEnum("PerWhat", ["input", "shot"])
View = StrEnum("View", ["heat", "contour", "regions", "map"])


Inputs = Annotated[
    list[str], typer.Argument(metavar="PHOTO", help="Photos: files, folders, or photo:cat for a bundled one.")
]
OneInput = Annotated[str, typer.Argument(metavar="PHOTO", help="A photo: a file, or photo:cat for a bundled one.")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help=FORMS)]
ModelName = Annotated[str, typer.Option("--model", "-m", metavar="NAME", help=FORMS, rich_help_panel=MODEL)]
Labels = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Class names: text with one per line, or JSON.", rich_help_panel=MODEL),
]
Prepare = Annotated[
    str | None,
    typer.Option(
        "--preprocess",
        metavar="HOW",
        help="How the model wants its photos, where it does not say: 'size=224 mean=0.5 std=0.5', JSON file, or none.",
        rich_help_panel=MODEL,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="cpu, cuda, cuda:1 or mps; otherwise where it is.", rich_help_panel=MODEL),
]
TrustPickle = Annotated[
    bool,
    typer.Option("--trust-pickle", help="Open checkpoints that can run code: only your own.", rich_help_panel=MODEL),
]
MethodNames = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        "-M",
        metavar="NAME",
        help="A method, see `seewhy methods`, or auto; may be given several times.",
        rich_help_panel=QUESTION,
    ),
]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--target",
        "-t",
        metavar="CLASS",
        help="Class name or index, box:X0,Y0,X1,Y1,LABEL, segment:CLASS or similar:PHOTO; otherwise the top class.",
        rich_help_panel=QUESTION,
    ),
]
Against = Annotated[
    str | None,
    typer.Option(metavar="CLASS", help="Why the target rather than this class?", rich_help_panel=QUESTION),
]
Scale = Annotated[
    ScaleName | None,
    typer.Option(
        metavar="SCALE",
        help="Score as logit, probability or log-odds; otherwise as the method was published.",
        rich_help_panel=QUESTION,
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of all randomness.", rich_help_panel=QUESTION)]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="CALLS", help="Most model calls per photo and method, or seconds, as in 20s.", rich_help_panel=QUESTION
    ),
]
CheckLevel = Annotated[
    Checks,
    typer.Option(
        "--checks", metavar="LEVEL", help="Effort of checking: quick, standard or full.", rich_help_panel=QUESTION
    ),
]
Views = Annotated[
    str | None,
    typer.Option(
        "--views",
        metavar="CLIPSxCROPS",
        help="Of a clip: average over stretches of its time and crops, as in 2x3 (crops: 1 or 3).",
        rich_help_panel=QUESTION,
    ),
]
Per = Annotated[
    PerWhat,
    typer.Option(
        "--per", metavar="WHAT", help="One explanation per input, or per shot of a film.", rich_help_panel=QUESTION
    ),
]
Precision = Annotated[
    PrecisionName, typer.Option(metavar="TYPE", help="float32 or bfloat16.", rich_help_panel=QUESTION)
]
Backend = Annotated[
    BackendName,
    typer.Option(
        metavar="NAME",
        help="auto: whatever answers alike for less; plain: the model as it is.",
        rich_help_panel=QUESTION,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder for saved explanations and pictures.", rich_help_panel=OUTPUT),
]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a self-contained HTML report.", rich_help_panel=OUTPUT)
]
Pictures = Annotated[
    list[View],
    typer.Option(
        "--view",
        metavar="VIEW",
        help="Pictures in --out: heat, contour, regions or map; may be given several times.",
        rich_help_panel=OUTPUT,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.", rich_help_panel=OUTPUT)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No words on stdout, no progress.", rich_help_panel=OUTPUT)]
Progress = Annotated[
    bool,
    typer.Option("--progress", help="Progress on stderr also when it is not a terminal.", rich_help_panel=OUTPUT),
]
