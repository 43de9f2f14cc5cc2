"""Sheets, axes and notebooks."""

from html.parser import HTMLParser

import numpy as np
import pytest

from render.factory import asked, explanation, origin, photo, unsigned, with_parts
from seewhy.domain.picture import Picture
from seewhy.errors import BadOption, MissingPackage
from seewhy.render import figure
from seewhy.render.figure import GAP, TILE, sheet, worst_check
from seewhy.render.notebook import html
from seewhy.render.plot import plot


@pytest.fixture
def scales(monkeypatch):
    """The scale with which each map of a sheet was drawn."""
    seen = []
    original = figure.draw
    monkeypatch.setattr(
        figure, "draw", lambda e, f, *, view, scale: seen.append(scale) or original(e, f, view=view, scale=scale)
    )
    return seen


def test_maps_of_one_family_and_scale_are_drawn_on_one_scale(scales):
    weak = explanation(values=0.1 * explanation().values)
    sheet([weak, explanation()])
    assert scales[0] == scales[1] > 0.5


def test_maps_of_different_kinds_keep_their_own_scale(scales):
    sheet([explanation(), with_parts(), unsigned()])
    assert len(set(scales)) == 3


def test_scores_on_different_scales_are_not_mixed(scales):
    small = asked(explanation(values=0.1 * explanation().values), scale="probability")
    sheet([small, explanation()])
    assert scales[0] < 0.2 < scales[1]


def test_a_shared_scale_can_be_refused(scales):
    sheet([explanation(values=0.1 * explanation().values), explanation()], shared_scale=False)
    assert scales[0] == pytest.approx(0.1 * scales[1])


@pytest.mark.parametrize(("maps", "columns"), [(1, 2), (3, 4), (4, 3), (7, 4), (12, 4)])
def test_rows_wrap_evenly(maps, columns):
    page = sheet([explanation()] * maps, title="Why?")
    assert page.width == columns * TILE + (columns + 1) * GAP


def test_the_original_comes_first():
    page = np.asarray(sheet([explanation()]))
    tile = page[GAP : GAP + 213, GAP : GAP + TILE].astype(int)
    assert (tile.max(-1) - tile.min(-1)).mean() > 20  # in full colour


def test_another_photo_brings_its_own_original():
    other = photo("astronaut.png")
    second = explanation(pixels=other, picture=Picture(other, "astronaut.png"))
    assert sheet([explanation(), second]).width == sheet([explanation()] * 3).width


def test_a_tile_names_the_worst_check():
    assert worst_check(explanation()) == "check warning: class-discrimination"
    assert worst_check(explanation(checks=())) == "checks: none was run"


def test_a_sheet_of_nothing_is_refused():
    with pytest.raises(BadOption):
        sheet([])


def test_a_zero_map_has_its_place_on_a_sheet():
    assert sheet([explanation(values=np.zeros((7, 7), np.float32)), explanation()]).width > TILE


def test_axes_show_the_photo_in_its_own_pixels():
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    _, ax = plt.subplots()
    assert plot(explanation(), ax) is ax
    assert ax.images[0].get_extent() == [0, 451, 300, 0]
    assert len(ax.figure.axes) == 2  # the colour bar
    assert isinstance(plot(unsigned(), view="contour"), type(ax))
    plt.close("all")


def test_without_matplotlib_a_person_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPackage, match="seewhy\\[plot\\]"):
        plot(explanation())


class Balanced(HTMLParser):
    """Notes tags that are not closed, and scripts."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("make", [explanation, unsigned, with_parts])
def test_the_notebook_view_is_static_whole_html_with_a_described_picture(make):
    example = asked(make(origin=origin("<script>x</script>")), label="<img src=x onerror=alert(1)>")
    page = html(example)
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert "script" not in parser.seen
    assert "onerror=alert(1)>" not in page
    assert 'alt="Photo chelsea.png' in page
    assert "Checks" in page
