"""Real photos to try things on: they ship inside the scikit-image package, nothing is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ..domain.picture import Picture
from ..errors import MissingInput, MissingPackage, near
from .decode import decode

PHOTOS = {
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "rocket": "rocket.jpg",
    "motorcycle": "motorcycle_left.png",
    "camera": "camera.png",
}


def photo(name: str) -> Picture:
    """A bundled photo: cat, coffee, astronaut, rocket, motorcycle or camera."""
    if name not in PHOTOS:
        known = ", ".join(PHOTOS)
        raise MissingInput(f"There is no bundled photo {name!r}.{near(name, PHOTOS)}", fix=f"use one of {known}.")
    package = find_spec("skimage")  # finds the folder without importing the package
    if package is None or not package.submodule_search_locations:
        raise MissingPackage(
            f"The bundled photo {name!r} lies in scikit-image, which is not installed.",
            fix="pip install 'seewhy[demo]'",
        )
    return decode(Path(package.submodule_search_locations[0]) / "data" / PHOTOS[name], name=name)
