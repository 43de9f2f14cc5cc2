"""A look into a torch.export file before it is opened, because opening one can run code too.

`torch.export.load` unpickles what a `.pt2` archive marks as pickled, falls back to full unpickling for sample
inputs, evaluates symbolic expressions as Python, looks operators up by dotted name, and can carry compiled libraries.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import torch

from ..errors import UnsafeCheckpoint

PLAIN = re.compile(  # members of the archive that are read as text or raw tensors
    r"[^/]+/(archive_format|archive_version|byteorder|version|\.data/[\w./-]+|\.format_version"
    r"|models/[\w.-]+\.json|extra/[\w./-]+|data/weights/(weight_\d+|[\w.-]+\.json)|data/constants/(tensor_\d+|[\w.-]+\.json))"
)
PICKLED = re.compile(r"[^/]+/data/(sample_inputs|weights|constants)/[\w.-]+\.pt")
OPERATORS = re.compile(
    r"torch\.ops\.(aten|prim|prims|quantized|quantized_decomposed|torchvision|higher_order)(\.(?!__)\w+){1,2}"
    r"|_operator\.(getitem|add|sub|mul|floordiv|truediv|mod|neg|pow|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.[a-z]\w*|torch\.(sym|_sym)_\w+"
)
IMPORTS = re.compile(r"__enum__|default_factory|\\u")  # and escapes that could spell these
EXPRESSIONS: tuple[type[ast.AST], ...] = (
    ast.Expression,
    ast.Call,
    ast.Name,
    ast.Constant,
    ast.keyword,
    ast.Load,
    ast.BinOp,
    ast.UnaryOp,
)
EXPRESSIONS += (ast.operator, ast.unaryop, ast.Compare, ast.cmpop)
SYMBOLS = re.compile(r"(?!S$|Lambda$)[A-Z]\w*|true|false|[suz]\d+")  # sympy's S("...") evaluates its text


def refuse_code(file: IO[bytes], path: Path) -> None:
    """Raise UnsafeCheckpoint if anything in the archive could run code when it is loaded."""
    try:
        with zipfile.ZipFile(file) as archive:
            reason = next(_suspicions(archive), None)
    finally:
        file.seek(0)
    if reason:
        raise UnsafeCheckpoint(
            f"{path.name} can run code when it is opened: {reason}.",
            fix="export it again with torch.export.save; or, only if you trust who made it, pass trust_pickle=True"
            " (--trust-pickle).",
        )


def _suspicions(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    if len(set(names)) < len(names):
        yield "two of its members have the same name"
    for name in names:
        if PICKLED.fullmatch(name):
            yield from _in_pickle(name, archive.read(name))
        elif not PLAIN.fullmatch(name):
            yield f"it holds {name[:80]!r}, which is neither a graph nor plain weights"
        elif name.endswith(".json"):
            yield from _in_json(json.loads(archive.read(name)))


def _in_pickle(name: str, content: bytes) -> Iterator[str]:
    try:
        if content:
            torch.load(io.BytesIO(content), weights_only=True)
    except Exception as error:  # whatever is wrong with it: torch would now unpickle it in full
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        yield f"its member {name[:80]!r} asks for {refused[1] if refused else 'a full pickle'}"


def _in_json(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _in_json(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "use_pickle" and value:
            yield "its weights are pickled"
        elif key == "expr_str" and not _arithmetic(str(value)):
            yield f"a size in it is the expression {str(value)[:60]!r}"
        elif key in ("in_spec", "out_spec") and IMPORTS.search(str(value)):
            yield "a structure in it names a module to import"
        elif key in ("target", "as_operator") and isinstance(value, str) and not OPERATORS.fullmatch(value):
            yield f"its graph calls {value[:80]!r}"
        yield from _in_json(value)


def _arithmetic(text: str) -> bool:
    try:
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError):
        return False
    names = all(SYMBOLS.fullmatch(node.id) for node in nodes if isinstance(node, ast.Name))
    words = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return (
        names and all(re.fullmatch(r"\w+", word) for word in words) and all(isinstance(n, EXPRESSIONS) for n in nodes)
    )
