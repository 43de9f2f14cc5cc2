"""The page about edits of a clip."""

from __future__ import annotations

import re

import pytest
import torch

import seewhy
from run.clip_networks import direction, moving_red
from seewhy.errors import BadOption
from seewhy.report.edit_rows import shown
from seewhy.report.motion_page import page, write_motion_report

FILM = re.compile(r'<video [^>]*src="data:video/mp4;base64,|<img src="data:image/gif;base64,')
NAMES = ["right", "<b>left</b>"]


@pytest.fixture(scope="module")
def table():
    clip, thing = moving_red()
    return seewhy.motion(direction, clip, labels=NAMES, masks=thing, draws=6)


@pytest.fixture(scope="module")
def flips():
    return seewhy.what_if(direction, moving_red()[0], labels=NAMES, segments=4, cells=2)


@pytest.fixture(scope="module")
def text(table, flips):
    return page(table, flips)


def test_every_edit_plays_beside_its_score(table, flips, text):
    tried = [one for one in flips.tried if one.kind != "frozen"]
    assert len(FILM.findall(text)) == 1 + len(table.rows) + 2 + len(tried)
    for row in table.rows:
        assert f">{row.name}<" in text


def test_the_clip_that_is_shown_is_the_one_that_was_asked_about(table):
    clip, _ = moving_red()
    backwards, singles = table.row("backwards"), table.row("single frames")
    assert torch.equal(backwards.edits[0](table.clip), clip.flip(1))
    assert torch.equal(singles.edits[3](table.clip), clip[:, [3]].expand_as(clip))
    assert singles.scores[shown(singles)] == max(singles.scores)
    assert all(len(row.edits) == len(row.scores) for row in table.rows)


def test_an_answer_that_flips_stands_out(table):
    text = page(table, None)
    rows = re.findall(r"<tr( class=\"flips\")?><td>.*?<th scope=\"row\">(.*?)<p", text, flags=re.DOTALL)
    marked = {name for flipped, name in rows if flipped}
    assert marked == {row.name for row in table.rows if row.flips == len(row.scores)}
    assert "backwards" in marked


def test_the_frames_that_suffice_are_marked(table, text):
    assert text.count('class="moment marked"') == len(
        {*table.frames.order[: table.suffice or 0], *table.frames.order[: table.needed or 0]}
    )


def test_the_smallest_edit_is_shown_before_and_after(flips, text):
    twins = re.search(r'<div class="twins">(.*?)</div>', text, flags=re.DOTALL)[1]
    assert len(FILM.findall(twins)) == 2
    assert f"“{flips.smallest.answer}”".replace("<", "&lt;").replace(">", "&gt;") in twins


def test_names_cannot_write_into_the_page_and_nothing_is_loaded_from_outside(text):
    assert "<b>left" not in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)
    assert "<script" not in text


def test_table_and_flips_can_have_a_page_of_their_own(table, flips, tmp_path):
    assert "What would have changed" not in page(table, None)
    assert "What may be concluded" not in write_motion_report(tmp_path / "flips.html", flips=flips).read_text()
    with pytest.raises(BadOption, match="nothing to report"):
        write_motion_report(tmp_path / "none.html")


def test_results_about_different_clips_are_refused(table):
    other = seewhy.what_if(lambda clips: direction(clips), moving_red()[0], segments=4, cells=2)
    with pytest.raises(BadOption, match="are about"):
        page(table, other)
