"""The documentation is complete and fresh, and its links lead somewhere."""

import re
from pathlib import Path

import pytest
from PIL import Image

import doc_pages
import error_fixes
from seewhy.registry import Facts, facts

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", flags=re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def headings(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files_and_headings_that_exist(page):
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        path, _, heading = link.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{link} leads nowhere"
        assert ROOT in (found, *found.parents), f"{link} leaves the repository"
        assert not heading or heading in headings(found), f"{link} names no heading"


def test_every_page_can_be_reached_from_the_readme():
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))
        todo += [(page.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]
    assert set(PAGES) <= reached


def test_generated_pages_are_fresh():
    for path, text in doc_pages.pages().items():
        assert path.is_file(), f"{named(path)} is missing: run `make docs`"
        assert path.read_text(encoding="utf-8") == text, f"{named(path)} is stale: run `make docs`"


def test_each_method_has_a_page_and_a_small_picture_and_nothing_else_has():
    methods = ROOT / "docs" / "methods"
    assert {page.stem for page in methods.glob("*.md")} == {"index", *facts()}
    assert {picture.stem for picture in (methods / "images").iterdir()} == set(facts())
    for picture in [*(methods / "images").iterdir(), *(ROOT / "docs" / "images").iterdir()]:
        assert picture.stat().st_size < 60_000, f"{picture.name} is too large"
        with Image.open(picture) as opened:
            opened.verify()


def test_the_vocabulary_lists_each_option_with_exactly_the_methods_that_have_it():
    text = (ROOT / "docs" / "concepts" / "vocabulary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \|$", text, flags=re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a word is listed twice"
    assert {word: set(methods.split(", ")) for word, methods in rows} == users(facts())


def users(found: dict[str, Facts]) -> dict[str, set[str]]:
    words = {option for fact in found.values() for option in fact.options}
    return {word: {name for name, fact in found.items() if word in fact.options} for word in words}


def test_each_error_code_in_the_code_is_documented_and_no_other():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    raised = set(re.findall(r'^    code = "([\w-]+)"', sources, flags=re.MULTILINE))
    assert set(doc_pages.codes()) == raised
    assert set(error_fixes.FIXES) == raised


def test_each_check_is_explained():
    package = ROOT / "src" / "seewhy"
    own = (package / "run" / "checks.py").read_text(encoding="utf-8")
    elsewhere = [
        path for path in package.rglob("*.py") if path.name != "prototypes.py"
    ]  # docs/guide/overview.md has these
    sources = "".join(path.read_text(encoding="utf-8") for path in elsewhere)
    made = set(re.findall(r'\bCheck\(\s*"([\w-]+)"', sources))
    made |= set(re.findall(r'\bname(?:, advice)? =\s*"([\w-]+)"', own))
    page = (ROOT / "docs" / "guide" / "checks.md").read_text(encoding="utf-8")
    assert "class-discrimination" in made
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE)) == {*made, "efficiency"}


def test_decisions_are_numbered_without_gaps_and_tell_the_price():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert {"why", "decision", "price", "when-to-look-again"} <= headings(page), named(page)
        assert page.name in (page.parent / "index.md").read_text(encoding="utf-8")


def test_each_change_is_one_line():
    for change in (ROOT / "changes").iterdir():
        assert re.fullmatch(r"\d{4}\.(feature|fix|change|removal)\.md", change.name), change.name
        assert len(change.read_text(encoding="utf-8").strip().splitlines()) == 1, change.name
