"""Turn an image file, or an opened image, into an upright picture."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ..domain.picture import Picture
from ..errors import BadPixels, ImageTooLarge, InputError, MissingInput, UnreadableImage, near

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
KNOWN = "PNG, JPEG, WebP, TIFF, BMP or GIF"
LARGEST = 100_000_000  # pixels; Pillow's own limit is lower, but programs often switch it off
TURNED = {
    2: "mirrored left to right",
    3: "turned by 180 degrees",
    4: "mirrored top to bottom",
    5: "mirrored along the main diagonal",
    6: "turned by 90 degrees clockwise",
    7: "mirrored along the other diagonal",
    8: "turned by 90 degrees counter-clockwise",
}
MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey",
    "P": "palette colours",
    "PA": "palette colours",
    "CMYK": "CMYK",
    "YCbCr": "YCbCr",
    "HSV": "HSV",
    "LAB": "CIELAB",
}


def decode(path: Path, *, name: str | None = None, largest: int = LARGEST) -> Picture:
    """An image file as an upright picture; the size is checked before anything is decoded."""
    found(path)
    shown = repr(str(path))
    with damage_refused(shown, path), Image.open(path, formats=FORMATS) as image:
        return _picture(image, name or path.name, shown, largest)


def picture_of(image: Image.Image, *, largest: int = LARGEST) -> Picture:
    """An opened image, decoded or not, as an upright picture."""
    name = Path(str(getattr(image, "filename", "") or "image")).name
    with damage_refused(f"The {image.format or 'PIL'} image", None):
        return _picture(image, name, f"The {image.format or 'PIL'} image", largest)


@contextmanager
def damage_refused(shown: str, path: Path | None) -> Iterator[None]:
    """What decoders raise on damaged files, as one kind of error."""
    try:
        yield
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(f"{shown} is too large to decode safely: {error}", fix=TOO_LARGE) from error
    except Exception as error:  # decoders raise anything on damaged files: OSError, SyntaxError, struct.error ...
        raise UnreadableImage(f"{shown} {_why(path, error)}", fix=f"give an undamaged {KNOWN} file.") from error


def _picture(image: Image.Image, name: str, shown: str, largest: int) -> Picture:
    check_opened(image, shown, largest=largest)
    notes = [f"first of {frames} frames"] if (frames := getattr(image, "n_frames", 1)) > 1 else []
    # Before loading: TIFF images turn themselves while they load, and forget that they did.
    turned = TURNED.get(image.getexif().get(0x0112, 1), "")
    image.load()
    upright = ImageOps.exif_transpose(image)
    pixels, conversions = _rgb(upright, shown)
    return Picture(pixels, name=name, turned=turned, notes=(*notes, *conversions))


def check_size(size: tuple[int, int], shown: str, *, largest: int = LARGEST) -> None:
    """Refuse an image without pixels, or with more than can be held safely."""
    if not size[0] * size[1]:
        raise BadPixels(f"{shown} has no pixels: {size[0]}x{size[1]}.", fix="give an image of at least one pixel.")
    if size[0] * size[1] > largest:
        megapixels = f"{size[0] * size[1] / 1e6:g} megapixels ({size[0]}x{size[1]})"
        raise ImageTooLarge(f"{shown} has {megapixels}, more than the {largest / 1e6:.3g} allowed.", fix=TOO_LARGE)


def check_opened(image: Image.Image, shown: str, *, largest: int = LARGEST) -> None:
    """The same of an opened image, and of Pillow's limit: it only warns there, and no thread can catch that alone."""
    if Image.MAX_IMAGE_PIXELS is not None and image.height * image.width > Image.MAX_IMAGE_PIXELS:
        problem = f"{shown} is too large to decode safely: {image.width}x{image.height} pixels."
        raise ImageTooLarge(problem, fix=TOO_LARGE)
    check_size((image.height, image.width), shown, largest=largest)


TOO_LARGE = "make it smaller, or crop it, in a program that you trust with it."


def _rgb(image: Image.Image, shown: str) -> tuple[NDArray[np.uint8], list[str]]:
    if image.mode.startswith(("I", "F")):
        return _deep(image, shown), ["16-bit grey scaled to 8 bits"]
    notes = [f"converted from {MODES[image.mode]}"] if image.mode in MODES else []
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() != (255, 255):
            notes.append("transparent parts laid on white")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), rgba)
    return np.array(image.convert("RGB")), notes


def _deep(image: Image.Image, shown: str) -> NDArray[np.uint8]:
    # Pillow's own conversion to 8 bits clips everything above 255 to white.
    values = np.array(image)
    top = 1.0 if image.mode == "F" else 65535.0
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= top):
        raise BadPixels(
            f"{shown} holds values from {low:g} to {high:g}, outside 0 to {top:g}.",
            fix="save it with 8 or 16 bits, or pass its values as an array in [0, 1].",
        )
    grey = np.rint(values.astype(np.float64) * (255 / top)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def found(path: Path, wanted: str = "an image") -> None:
    """Refuse a path that is no file."""
    if os.path.isfile(path):
        return
    shown = repr(str(path))
    if os.path.isdir(path):
        raise MissingInput(f"{shown} is a folder, not {wanted}.", fix="give a file, or the folder where many may be.")
    if os.path.exists(path):
        problem = f"{shown} is a device or a pipe, not a file."
        raise UnreadableImage(problem, fix=f"save the {wanted.split()[-1]} to a file first.")
    folder = path.parent if os.access(path.parent, os.R_OK) and os.path.isdir(path.parent) else None
    close = near(path.name, (entry.name for entry in folder.iterdir())) if folder else ""
    raise MissingInput(f"{shown} does not exist.{close}", fix="check the path.")


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _why(path: Path | None, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "may not be read by this user."
    if path and os.path.getsize(path) == 0:
        return "is empty."
    if isinstance(error, UnidentifiedImageError):
        return f"is not a {KNOWN} image."
    first = (str(error).splitlines() or [""])[0][:200]
    return f"cannot be decoded: {first or type(error).__name__}."
