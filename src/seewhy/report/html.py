"""A self-contained report: one static HTML file per set of photos, without scripts or anything from outside."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import BadOption, StoreError
from ..render.text import kind
from .photo import photo_section

if TYPE_CHECKING:
    from ..explanation import Explanation

LIMITS = (
    "A map shows what this model reacted to. It does not show that the answer is right, nor that the model reacted to "
    "the thing that a person sees there.",
    "Another method can give another map of the same answer. Places on which several methods agree deserve more trust.",
    "Strengths are comparable only between maps that share a scale, and only for the model and the input named here.",
    "The text is computed from the numbers; nobody has looked at the photo or clip.",
)


def write_report(
    explanations: Sequence[Explanation], path: str | Path, *, title: str = "Why the model decided"
) -> Path:
    """Write the report of one or several photos, each with one or several methods."""
    if not explanations:
        raise BadOption("There is no explanation to report.", fix="give at least one.")
    return write_whole(Path(path), html(explanations, title=title))


def write_whole(path: Path, text: str) -> Path:
    """Write a file, all of it or nothing."""
    with _refused(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode())
    return path


def made(directory: Path) -> Path:
    """The directory for a report, before the work begins."""
    with _refused(directory):
        directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"The report cannot be written to {path}: {error.strerror or error}."
        raise StoreError(problem, fix="choose a file in a directory that you may write.") from error


def html(explanations: Sequence[Explanation], *, title: str) -> str:
    """The whole document."""
    photos = by_photo(explanations)
    sections = "".join(photo_section(group, number) for number, group in enumerate(photos, start=1))
    limits = "".join(f"<li>{escape(limit)}</li>" for limit in LIMITS)
    about = ", ".join([*_inputs(photos), _counted(len(explanations), "explanation")])
    limits = f'<section class="limits"><h2>What this cannot tell</h2><ul>{limits}</ul></section>'
    return document(title, about, sections + limits, contents=_contents(photos))


def document(title: str, about: str, main: str, *, contents: str = "") -> str:
    """A page around its sections, with a policy that lets in nothing but its own style and pictures."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    # The hash allows this very style and nothing else: no script, no request leaves the page.
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; media-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body><header><h1>{escape(title)}</h1>"
        f'<p class="small">{about}, made with seewhy {escape(__version__)}</p>{contents}</header>\n<main>{main}</main>'
        "<footer>Static page: it runs no script and loads nothing from outside.</footer></body></html>\n"
    )


def by_photo(explanations: Sequence[Explanation]) -> list[list[Explanation]]:
    """The explanations of each photo together, in the order in which the photos came."""
    groups: dict[tuple[str, str], list[Explanation]] = {}
    for explanation in explanations:
        groups.setdefault((explanation.picture.name, explanation.picture.digest), []).append(explanation)
    return list(groups.values())


def _contents(photos: Sequence[Sequence[Explanation]]) -> str:
    if len(photos) == 1:
        return ""
    rows = (
        f'<li><a href="#photo-{number}">{escape(group[0].picture.name)}</a>: {escape(group[0].prediction.label)}</li>'
        for number, group in enumerate(photos, start=1)
    )
    return f'<nav aria-label="Contents"><ul>{"".join(rows)}</ul></nav>'


def _inputs(groups: Sequence[Sequence[Explanation]]) -> list[str]:
    """How many photos and clips there are."""
    counts = Counter(kind(group[0]) for group in groups)
    return [_counted(count, noun) for noun, count in sorted(counts.items(), reverse=True)]  # photos, then clips


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _replace(path: Path, content: bytes) -> None:
    """All or nothing: a report is never half a report."""
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(fresh).chmod(0o644)
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)
