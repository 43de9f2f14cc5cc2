"""The report: whole, static, safe and readable for everybody."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from render.factory import asked, explanation, origin, photo, unsigned, with_parts
from seewhy.domain.check import Check
from seewhy.domain.evidence import LayerChoice
from seewhy.domain.picture import Picture
from seewhy.domain.prediction import Prediction, Ranked
from seewhy.errors import BadOption, StoreError
from seewhy.report.html import html, write_report

EVIL = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>"
VOID = {"meta", "img", "rect"}


class Page(HTMLParser):
    """Tags with their attributes, the visible text, and whether every tag was closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style"} & set(self.open):
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self):
        return " ".join(self.text)


def evil():
    """An explanation in which every text comes from an attacker."""
    top = (Ranked(0, EVIL, 0.6, 1.0), Ranked(1, EVIL, 0.3, 0.5))
    return asked(
        explanation(
            prediction=Prediction(top, "logits", 2),
            checks=(Check(EVIL, "bad", EVIL),),
            origin=origin(EVIL, model=EVIL, options={EVIL: EVIL}, versions={EVIL: EVIL}, paper=EVIL, created=EVIL),
            picture=Picture(photo(), EVIL, EVIL, (EVIL,)),
            layer=LayerChoice(EVIL, EVIL),
        ),
        label=EVIL,
        against=1,
        against_label=EVIL,
        scale=EVIL,
    )


@pytest.fixture(scope="module")
def page():
    return Page(html([explanation(), unsigned(), with_parts()], title="Why?"))


def test_names_from_strangers_stay_text(tmp_path):
    text = write_report([evil(), evil()], tmp_path / "r.html", title=EVIL).read_text(encoding="utf-8")
    found = Page(text)
    assert not {"script", "iframe", "object", "link", "base", "form"} & {tag for tag, _ in found.tags}
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in found.all("img"))
    assert not any(name.startswith("on") or name == "style" for _, attrs in found.tags for name in attrs)
    assert "<script>alert(1)</script>" in found.words  # it is shown, as text


def test_nothing_is_loaded_from_outside(page):
    for _, attrs in page.tags:
        for name in ("src", "href", "action", "srcset", "data"):
            assert attrs.get(name, "#").startswith(("#", "data:image/jpeg;base64,"))
    assert not re.search(r"url\(|@import|https?:", files("seewhy.report").joinpath("page.css").read_text())


def test_the_policy_allows_this_style_and_nothing_else():
    text = html([explanation()], title="Why?")
    policy = next(a["content"] for a in Page(text).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL).group(1)
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy


def test_every_tag_is_closed_and_headings_do_not_skip_a_level(page):
    assert page.open == []
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_has_words_and_a_size(page):
    images = page.all("img")
    assert len(images) == 1 + 3 * 3
    assert all(len(image["alt"]) > 40 for image in images)
    for image in images:
        decoded = Image.open(io.BytesIO(base64.b64decode(image["src"].split(",")[1])))
        assert (str(decoded.width), str(decoded.height)) == (image["width"], image["height"])


def test_every_table_has_a_caption_and_headers(page):
    tables = len(page.all("table"))
    assert tables == len(page.all("caption")) == 1 + 2 * 3
    assert all(header.get("scope") in ("col", "row") for header in page.all("th"))


def test_verdicts_are_signs_and_words():
    words = Page(html([explanation(checks=(Check("zero-map", "bad", "All zero."),))], title="Why?")).words
    assert "✗ failed" in words
    assert "All zero." in words


def test_for_and_against_stand_side_by_side_with_equal_room(page):
    sides = [attrs["class"] for attrs in page.all("div") if "side " in attrs.get("class", "")]
    assert sides == ["side for", "side against"] * 3
    assert (
        ".sides { display: grid; grid-template-columns: 1fr 1fr;"
        in files("seewhy.report").joinpath("page.css").read_text()
    )


def test_a_map_without_sign_says_that_it_cannot_speak_against(page):
    assert "cannot show what speaks against" in page.words


@pytest.mark.parametrize(
    "told",
    [
        "“tiger cat” with probability 0.62", "Egyptian cat", "timm:resnet18", "ab12" * 16, "arXiv:1610.02391",
        '"regions": "grid:4"', "layer4: the last layer", "resized 300x451 to 256x385", "torch 2.13.0",
        "482 forwards", "3 forwards + 1 backward", "What this cannot tell", "class-discrimination", "not run",
        "part 5, centre", "240 pairs were drawn",
    ],
)  # fmt: skip
def test_the_report_holds_all_that_the_explanations_know(told, page):
    assert told in page.words


def test_photos_are_kept_apart_and_listed():
    other = photo("astronaut.png")
    second = explanation(pixels=other, picture=Picture(other, "astronaut.png"))
    found = Page(html([explanation(), second, with_parts()], title="Why?"))
    assert [section["id"] for section in found.all("section") if "id" in section] == ["photo-1", "photo-2"]
    assert [link["href"] for link in found.all("a")] == ["#photo-1", "#photo-2"]
    assert found.words.count("Side by side") == 1


def test_two_photos_of_the_same_name_are_two_photos():
    other = np.zeros_like(photo())
    found = Page(html([explanation(), explanation(picture=Picture(other, "chelsea.png"))], title="Why?"))
    assert len([section for section in found.all("section") if "id" in section]) == 2


def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    r, g, b = (channel(int(digits[i : i + 2], 16)) for i in (0, 2, 4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_all_letters_have_enough_contrast_in_light_dark_and_print():
    style = files("seewhy.report").joinpath("page.css").read_text()
    themes = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(themes) == 3
    for theme in themes:
        for ink in ("ink", "quiet", "for", "against", "good", "warning", "bad"):
            for paper in ("paper", "wash"):
                light, dark = sorted((luminance(theme[ink]), luminance(theme[paper])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper, theme)


def test_a_report_replaces_the_one_before_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "deep" / "report.html"
    write_report([explanation()], path)
    write_report([explanation()], path, title="Second")
    assert "<title>Second</title>" in path.read_text(encoding="utf-8")
    assert [found.name for found in path.parent.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        write_report([explanation()], tmp_path / "file" / "report.html")
    assert len(caught.value.lines().splitlines()) == 2


def test_a_report_of_nothing_is_refused(tmp_path):
    with pytest.raises(BadOption):
        write_report([], tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_the_same_explanations_give_the_same_report():
    assert html([with_parts()], title="Why?") == html([with_parts()], title="Why?")
