"""What a run brought: explanations per photo, failures, files; shown as words or as one JSON document."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..domain.cost import Cost
from ..errors import SeewhyError, SeewhyWarning
from . import screen, telling
from .exits import OK, PARTIAL, code_of
from .running import controlled
from .written import names, picture

if TYPE_CHECKING:
    from ..explanation import Explanation
    from ..models.model import Model
    from ..run.results import Failure

SCHEMA = {"name": "seewhy-explanations", "version": 1}
MANY = 8  # files that are named one by one


@dataclass
class Found:
    """The outcome of one run over several photos."""

    photos: list[list[Explanation]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)
    cancelled: bool = False
    files: list[Path] = field(default_factory=list)
    trouble: SeewhyError | None = None  # that files met

    @staticmethod
    def of(
        model: Model, inputs: Sequence[object], *, progress: bool = False, quiet: bool = False, **asked: Any
    ) -> Found:
        """Explain the inputs; one that fails does not stop the others, and Ctrl-C keeps what was computed."""
        from ..run.explain import explain
        from ..run.results import Failure

        with controlled(progress=progress, quiet=quiet) as control, warnings.catch_warnings():
            warnings.simplefilter("ignore", SeewhyWarning)  # failures are shown one by one below
            results = explain(model, list(inputs), control=control, **asked)
        failures = [result for result in results if isinstance(result, Failure)]
        photos = [list(result) for result in results if not isinstance(result, Failure)]
        return Found(photos, failures, control.spent, control.cancelled)

    @property
    def explanations(self) -> list[Explanation]:
        return [explanation for photo in self.photos for explanation in photo]

    @property
    def code(self) -> int:
        """What the command exits with; an input that fails alone tells why by its own code."""
        if self.trouble:
            return code_of(self.trouble)
        if self.failures and not self.photos:
            return code_of(self.failures[0].error)
        return PARTIAL if self.failures or self.cancelled else OK

    def save(self, folder: Path | None, views: Sequence[str]) -> None:
        """Saved explanations and pictures, if a folder was named."""
        if folder is not None:
            with self._writing():
                for explanation, name in zip(self.explanations, names(self.explanations), strict=True):
                    explanation.save(folder / name)
                    self.files.append(folder / name)
            self.pictures(folder, views)

    def pictures(self, folder: Path, views: Sequence[str]) -> None:
        """The overlays of every explanation."""
        with self._writing():
            for explanation, name in zip(self.explanations, names(self.explanations), strict=True):
                for view in views:
                    self.files.append(picture(explanation.overlay(view=view), folder / f"{name}.{view}.png"))
                    self._film(explanation, folder / f"{name}.{view}", view)

    def _film(self, explanation: Explanation, path: Path, view: str) -> None:
        """Of a clip the film and the strip of its strongest frames too."""
        if explanation.footage is not None:
            from ..store.movie import playable

            self.files.append(explanation.save_film(path.with_name(path.name + playable()), view=view))
            self.files.append(picture(explanation.filmstrip(view=view), path.with_name(path.name + ".strip.png")))

    def sheet(self, photo: Sequence[Explanation], path: Path, *, view: str = "heat") -> None:
        """The maps of one photo side by side."""
        from ..render.figure import sheet

        with self._writing():
            self.files.append(picture(sheet(photo, view=view), path))

    def report(self, path: Path | None, *, title: str = "Why the model decided") -> None:
        """The HTML report, if one was asked for."""
        from ..report.html import write_report

        if path is not None and self.photos:
            with self._writing():
                self.files.append(write_report(self.explanations, path, title=title))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A file that cannot be written must not cost the results: they are told first, then the trouble."""
        try:
            yield
        except SeewhyError as error:
            self.trouble = self.trouble or error

    def to_json(self, **more: Any) -> dict[str, Any]:
        """The document of `--json`."""
        return {
            "schema": SCHEMA,
            "explanations": [explanation.to_json() for explanation in self.explanations],
            "failures": [{"name": f.name, **screen.error_json(f.error)} for f in self.failures],
            "cost": vars(self.cost),
            "cancelled": self.cancelled,
            "files": [str(path) for path in self.files],
            **more,
            **({"error": screen.error_json(self.trouble)} if self.trouble else {}),
        }

    def tell(self, *, json: bool, quiet: bool, photos: bool = True, **more: Any) -> None:
        """Results and files on stdout, failures on stderr; `more` goes into the JSON document."""
        if json:
            screen.print_json(self.to_json(**more))
        elif not quiet:
            for photo in self.photos if photos else ():
                screen.out().print(telling.photo(photo))
            self._tell_files()
        for failure in self.failures:
            screen.print_error(failure.error, about=failure.name)
        if self.trouble:
            screen.print_error(self.trouble)

    def _tell_files(self) -> None:
        """Where files were written: each, or when there are many the reports and a count."""
        shown = self.files if len(self.files) <= MANY else [path for path in self.files if path.suffix == ".html"]
        lines = [_short(path) for path in shown]
        if len(shown) < len(self.files):
            rest = [path for path in self.files if path not in shown]
            lines.append(f"{len(rest)} more in {_short(rest[0].parent)}/")
        screen.wrote(*lines)


def _short(path: Path) -> str:
    """Relative to where the person stands, if below it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
