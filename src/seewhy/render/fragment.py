"""Pieces of HTML without scripts; every name is escaped, because class and file names come from strangers."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

from PIL import Image

from ..domain.check import Check

MARKS = {"good": "✓", "warning": "!", "bad": "✗", "info": "i", "not run": "–"}
WORDS = {"good": "passed", "warning": "warning", "bad": "failed", "info": "information", "not run": "not run"}
PHOTO_QUALITY = 90


def picture(image: Image.Image, alt: str) -> str:
    """An image inside the page, with its text alternative."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=PHOTO_QUALITY, subsampling=0)
    data = base64.b64encode(file.getvalue()).decode()
    size = f'width="{image.width}" height="{image.height}"'
    return f'<img src="data:image/jpeg;base64,{data}" {size} alt="{escape(alt)}">'


def items(words: Sequence[str], *, empty: str) -> str:
    """A list, or a sentence when there is nothing to list."""
    if not words:
        return f"<p>{escape(empty)}</p>"
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in words)}</ul>"


def table(head: Sequence[str], rows: Sequence[tuple[str, ...]], *, caption: str, kinds: Sequence[str] = ()) -> str:
    """A table of escaped cells whose first column names the row; `kinds` are classes for the rows."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr class="{kind}"><th scope="row">{escape(first)}</th>'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
        for (first, *rest), kind in zip(rows, kinds or [""] * len(rows), strict=True)
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def checks(found: Sequence[Check]) -> str:
    """The checks with their verdict as sign and word, never as colour alone."""
    if not found:
        return "<p>No check was run.</p>"
    rows = [(check.name, f"{MARKS[check.verdict]} {WORDS[check.verdict]}", check.message) for check in found]
    kinds = [check.verdict.replace(" ", "-") for check in found]
    return table(("check", "verdict", "what it means"), rows, caption="Checks", kinds=kinds)


def facts(pairs: Mapping[str, str], *, caption: str) -> str:
    """Names and values as a table."""
    return table(("what", "value"), list(pairs.items()), caption=caption)
