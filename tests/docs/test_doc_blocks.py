"""Every Python block of the documentation runs, in order and in one namespace per page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^(<!-- not run: .+ -->\n)?```python\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
PAGES = {
    page.relative_to(ROOT).as_posix(): [code for excuse, code in BLOCK.findall(page.read_text("utf-8")) if not excuse]
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}


@pytest.mark.parametrize("page", [page for page, blocks in PAGES.items() if blocks])
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch, capsys, trained_on_clips):
    monkeypatch.setattr("seewhy.testing.clips.trained", trained_on_clips)  # trained once for all tests
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for number, block in enumerate(PAGES[page], start=1):
        exec(compile(block, f"{page}, block {number}", "exec"), namespace)


def test_the_guides_hold_blocks_to_run():
    assert {"README.md", "docs/guide/quick-start.md", "docs/guide/models.md"} <= {p for p, b in PAGES.items() if b}
