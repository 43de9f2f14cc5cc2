"""The part of a report about a clip."""

from __future__ import annotations

import re

import numpy as np
import pytest

import seewhy
from seewhy.report.html import html
from seewhy.testing.tiny_models import tiny_cnn

FRAMES = 6


@pytest.fixture(scope="module", params=["saliency", "integrated-gradients"])
def page(request):
    """Of a map without a sign, and of one with."""
    clip = np.random.default_rng(0).integers(0, 255, (FRAMES, 24, 32, 3), dtype=np.uint8)
    options = {} if request.param == "saliency" else {"steps": 8}
    wants = seewhy.Preprocess.of(size=(24, 32))
    found = seewhy.explain(
        tiny_cnn(3), seewhy.Clip(clip, frames=FRAMES), method=request.param, preprocess=wants, **options
    )
    return found, html([found], title="A clip")


def test_each_frame_that_the_model_saw_has_a_moment_and_one_is_shown_first(page):
    _, text = page
    assert len(re.findall(r'class="moment(?: best)?" tabindex="0"', text)) == FRAMES
    assert text.count('class="moment best"') == 1


def test_the_moment_that_is_shown_first_is_the_strongest(page):
    found, text = page
    moments = re.findall(r'class="(moment(?: best)?)" tabindex.*?<p class="small">(.*?)</p>', text, re.DOTALL)
    strength = (found.values - found.zero).clip(0).mean(axis=(1, 2))
    assert [kind for kind, _ in moments].index("moment best") == int(strength.argmax())


def test_what_speaks_against_is_told_only_where_the_map_has_a_sign(page):
    found, text = page
    assert (" against" in re.search(r'<p class="small">([^<]* for[^<]*)</p>', text)[1]) == found.signed
    assert ('class="against"' in text.split('<figure class="moments">')[1]) == found.signed


def test_the_page_counts_clips_as_clips(page):
    _, text = page
    assert '<p class="small">1 clip, 1 explanation, made with' in text
    assert "clip digest" in text
    assert "photo digest" not in text


def test_the_film_plays_from_inside_the_page_and_nothing_is_loaded_from_outside(page):
    _, text = page
    assert re.search(r'<video [^>]*src="data:video/mp4;base64,|<img src="data:image/gif;base64,', text)
    assert "media-src data:" in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)
