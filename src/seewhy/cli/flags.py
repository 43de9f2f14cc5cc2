"""Flags for the options of methods, made from the generated facts: one source for signature and command line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer

from ..registry import facts

F = TypeVar("F", bound=Callable[..., Any])
PANEL = "Options of methods"
OWN = {"seed"}  # an option of the command itself
MEANING = {
    "areas": "Parts to search for, each half as large as the one before.",
    "baseline": "What absence looks like: mean, blur:0.05, black, '#808080', noise, inpaint, linear, nearest, dropped;"
    " of clips frozen, interpolated, flowing, background, resampled, shorter.",
    "cells": "Cells along each side of a mask, or of the first grid; of a clip also time,height,width.",
    "deviations": "Deviations above its mean from which a channel is strong.",
    "edit": "How motion is taken away: freeze or reverse.",
    "estimator": "How a map is estimated from random masks: regression or covariance.",
    "form": "The complete signed map, or the one that was published.",
    "fraction": "Share of the values that move at a time.",
    "fusion": "How the maps of several levels become one: mean or max.",
    "groups": "Groups of channels that share a mask; 0: every channel by itself.",
    "keep": "Share of the photo that a mask keeps.",
    "layer": "Layer to read, as `seewhy layers` lists them.",
    "leeway": "How far a value may stray from the straight line.",
    "length": "What each frame under a temporal mask costs.",
    "levels": "Resolutions of the network to read, the coarsest first.",
    "noise": "Standard deviation of the noise, as a share of the range.",
    "pool": "What a channel's gradient is averaged over in a clip: auto, clip or frame.",
    "regions": "Parts of the photo: grid:7, patches, superpixels:80;"
    " of a clip frames, segments:8, shots, cuboids:4,4,4, moving.",
    "ridge_strength": "How strongly the fit is held back.",
    "roughness": "What a change from frame to frame of a temporal mask costs.",
    "rivals": "How many of the most similar classes to set the class apart from.",
    "samples": "How often to sample at most.",
    "share": "How much of the similar classes' mean score is subtracted.",
    "sign": "Which evidence to keep.",
    "steps": "Steps along the path, or of the search.",
    "stride": "Pixels from one window to the next; of a clip also frames,pixels,pixels.",
    "tolerance": "Stop when the error bar is this share of the map's range; anytime:0.1 holds at every look.",
    "width": "Width of the kernel.",
    "window": "Side of the (smallest) window in pixels; of a clip also frames,pixels,pixels.",
}
METAVARS = {
    "int": "N",
    "Sides": "N|T,H,W",
    "float": "X",
    "Tolerance": "X",
    "str | None": "NAME",
    "Baseline": "BASELINE",
    "Baseline | None": "BASELINE",
    "RegionSpec": "REGIONS",
}


def with_method_options(command: F) -> F:
    """The command with one flag per method option; it receives those that were given as `**options`."""
    signature = inspect.signature(command, eval_str=True)
    fixed = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    command.__signature__ = signature.replace(parameters=[*fixed, *flags()])  # type: ignore[attr-defined]
    return command


def flags() -> list[inspect.Parameter]:
    """One keyword parameter per option name in use, as text: the library turns it into the option's type."""
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(name, uses))
        for name, uses in sorted(_uses().items())
    ]


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The method options that the person gave."""
    return {name: value for name, value in options.items() if value is not None}


def default_text(default: str) -> str:
    """A default as it would be typed: Superpixels(count=50) is superpixels:50."""
    spec = re.fullmatch(r"(\w+)\((.*)\)", default)
    if spec is None:
        return default.strip("'")
    values = [value.partition("=")[2].strip("'") for value in spec[2].split(", ") if value]
    return spec[1].lower() + (f":{','.join(values)}" if values else "")


def _uses() -> dict[str, dict[str, dict[str, str]]]:
    """Option name -> method name -> its type and default."""
    uses: dict[str, dict[str, dict[str, str]]] = {}
    for method in facts().values():
        for name, option in method.options.items():
            if name not in OWN:
                uses.setdefault(name, {})[method.name] = option
    return uses


def _annotation(name: str, uses: Mapping[str, Mapping[str, str]]) -> Any:
    kinds = {option["type"] for option in uses.values()}
    metavar = METAVARS.get(kinds.pop() if len(kinds) == 1 else "", "VALUE")
    flag = f"--{name.replace('_', '-')}"
    text = f"{MEANING.get(name, '')} {_holders(uses)}".strip()
    return Annotated[
        str | None, typer.Option(flag, metavar=metavar, help=text, rich_help_panel=PANEL, show_default=False)
    ]


def _holders(uses: Mapping[str, Mapping[str, str]]) -> str:
    """The methods that have the option, grouped by default."""
    groups: dict[str, list[str]] = {}
    for method, option in uses.items():
        groups.setdefault(default_text(option["default"]), []).append(method)
    told = [f"{', '.join(names)}" + ("" if value == "None" else f": {value}") for value, names in groups.items()]
    return f"({'; '.join(told)})"
