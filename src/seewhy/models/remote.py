"""A served model, asked by HTTP in the Open Inference Protocol v2."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import quote, urlsplit

import numpy as np
from numpy.typing import NDArray

from ..domain.shapes import Variants
from ..errors import BadModelOutput, BadOption, ModelFailed, UnknownModel, UnsupportedModel, near
from .black_box import BlackBox
from .carried import preprocess_of
from .image_input import ImageInput

WHY = "an endpoint answers but cannot be looked into"
TYPES: dict[str, Any] = {"FP32": np.float32, "FP64": np.float64, "FP16": np.float16, "UINT8": np.uint8}
LARGEST = 64 << 20  # bytes of one response
TRIES, PAUSE = 3, 0.2  # of a request that met no server or a busy one; the pause doubles
BUSY = (429, 503)


class RemoteModel(BlackBox):
    """Learns from the endpoint's metadata how to ask; keeps nothing between calls, so that threads may share it."""

    elsewhere = True

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
        preprocess: Any = None,
        output: str | None = None,
        batch: int | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.url, self.timeout = _checked_url(url), timeout
        self.metadata = _object(self._fetch(self.url))
        self.input = _image_input(self.metadata)
        self.datatype = next(name for name, kind in TYPES.items() if kind is self.input.kind)
        self.output = _output(self.metadata, output)
        self.size, self.limit = self.input.size, self.input.batch or batch
        title = name or str(self.metadata.get("name") or self.url)
        super().__init__(title, labels=labels, preprocess=preprocess_of(preprocess, size=self.size), why=WHY)

    def ask(self, ready: Variants) -> object:
        return self.input.ask(self._infer, ready, self.limit)

    def _infer(self, chunk: NDArray[Any]) -> NDArray[Any]:
        tensor = {"name": self.input.name, "datatype": self.datatype, "shape": list(chunk.shape)}
        tensor["data"] = chunk.ravel().tolist()
        wanted = {} if self.output is None else {"outputs": [{"name": self.output}]}
        answer = _object(self._fetch(f"{self.url}/infer", json.dumps({"inputs": [tensor], **wanted}).encode()))
        return _table(answer, self.output, self.url)

    def _fetch(self, url: str, body: bytes | None = None) -> bytes:
        """The response to a GET, or to a POST with a body; tried again when nobody answers."""
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"} if body else {})
        for left in reversed(range(TRIES)):
            try:
                with OPENER.open(request, timeout=self.timeout) as response:
                    return _bounded(response, url)
            except urllib.error.HTTPError as error:
                if error.code not in BUSY or not left:
                    raise _refused(error, url) from error
            except (OSError, HTTPException) as error:
                if not left:
                    raise ModelFailed(
                        f"No answer from {url} in {TRIES} tries: {error}.",
                        fix="check the address and that the server runs.",
                    ) from error
            time.sleep(PAUSE * 2 ** (TRIES - 1 - left))
        raise AssertionError("unreachable")

    def _identity(self) -> object:
        return self.url, self.output, json.dumps(self.metadata, sort_keys=True)


class _SameServer(urllib.request.HTTPRedirectHandler):
    """Follows a redirect on the same server only: images must not travel to another one unasked."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            raise ModelFailed(
                f"{req.full_url} points to another server: {_shown(newurl)}.",
                fix="give the final address, if you trust it.",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


OPENER = urllib.request.build_opener(_SameServer)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    steps = parts.path.strip("/").split("/")
    if parts.scheme not in ("http", "https") or not parts.hostname or "models" not in steps[:-1] or "v2" not in steps:
        raise UnknownModel(
            f"{_shown(url)} is no address of a served model.", fix="write http://HOST:PORT/v2/models/NAME."
        )
    return f"{parts.scheme}://{parts.netloc}/{'/'.join(quote(step, safe='%') for step in steps)}"


def _bounded(response: IO[bytes], url: str) -> bytes:
    content = response.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ModelFailed(
            f"{url} answered with more than {LARGEST >> 20} MiB.", fix="check that this is the right model."
        )
    return content


def _refused(error: urllib.error.HTTPError, url: str) -> ModelFailed | UnknownModel:
    said = error.read(1 << 16).decode("utf-8", "replace")
    with contextlib.suppress(ValueError, KeyError, TypeError):  # an error that is not in the protocol's form
        said = str(json.loads(said)["error"])
    kind = UnknownModel if error.code == 404 else ModelFailed
    return kind(f"{url} answered {error.code}: {_shown(said) or 'no reason given'}", fix="read the server's log.")


def _shown(text: str) -> str:
    """A server's words on one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in text).strip()[:300]


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadModelOutput(
            f"The server did not answer in JSON but: {_shown(content[:100].decode('utf-8', 'replace'))}",
            fix="check that the endpoint speaks the Open Inference Protocol v2.",
        )
    return found


def _image_input(metadata: dict[str, Any]) -> ImageInput:
    inputs = metadata.get("inputs")
    first = inputs[0] if isinstance(inputs, list) and len(inputs) == 1 else {}
    shape = first.get("shape") if isinstance(first, dict) else None
    whole = isinstance(shape, list) and len(shape) >= 3 and all(isinstance(side, int) for side in shape)
    if not whole or first.get("datatype") not in TYPES or "name" not in first:
        raise UnsupportedModel(
            f"The endpoint takes {_shown(json.dumps(inputs))}; one batch of images is expected.",
            fix=f"serve a model with one input (n,c,h,w) or (n,h,w,c) of type {', '.join(TYPES)}.",
        )
    sides = tuple(side if side > 0 else None for side in shape or ())
    return ImageInput(str(first["name"]), sides, TYPES[first["datatype"]])


def _output(metadata: dict[str, Any], asked: str | None) -> str | None:
    names = [str(output.get("name")) for output in metadata.get("outputs") or []]
    if asked is not None and names and asked not in names:
        raise BadOption(f"The endpoint has no output {asked!r}.{near(asked, names)}", fix=f"use {' or '.join(names)}.")
    if asked is None and len(names) > 1:
        raise UnsupportedModel(
            f"The endpoint has {len(names)} outputs: {_shown(', '.join(names))}.",
            fix="give seewhy.adapt(url, output='NAME').",
        )
    return asked or (names[0] if names else None)


def _table(answer: dict[str, Any], output: str | None, url: str) -> NDArray[Any]:
    try:
        found = next(part for part in answer["outputs"] if output in (None, part["name"]))
        return np.asarray(found["data"], dtype=np.float32).reshape(found["shape"])
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        raise BadModelOutput(
            f"{url} answered without a usable output {output or ''}: {_shown(json.dumps(answer))[:120]}",
            fix="check that the endpoint speaks the Open Inference Protocol v2.",
        ) from error
