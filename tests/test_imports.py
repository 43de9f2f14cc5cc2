"""Imports: they point downwards, cost little, and what is told without torch is fresh."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import seewhy
from seewhy import registry

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "numpy", "PIL", "jaxtyping", "typer", "rich", "matplotlib", "skimage", "torchvision")


def loaded_by(code: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after running some code."""
    script = f"{code}\nimport sys, json; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_imports_point_downwards_and_methods_do_not_import_each_other():
    tool = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([tool, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("room", ["methods", "metrics"])
def test_no_method_or_metric_moves_tensors_from_device_to_device(room):
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "src/seewhy" / room).glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.(to|cpu|cuda)\(", line)
    ]
    assert found == []


def test_importing_seewhy_loads_nothing_heavy():
    assert loaded_by("import seewhy; dir(seewhy); seewhy.errors") == set()


@pytest.mark.parametrize("module", ["errors", "registry", "domain.capability", "domain.cost"])
def test_modules_that_the_command_line_lists_from_do_not_load_torch(module):
    assert not loaded_by(f"import seewhy.{module}") & {"torch", "numpy"}


def test_the_list_of_methods_needs_no_torch():
    assert not loaded_by("from seewhy.registry import facts; assert 'rise' in facts()") & {"torch", "numpy"}


def test_optional_packages_are_imported_only_where_they_are_used():
    modules = ("adapt", "explain", "cost", "photo", "Explanation", "Preprocess", "Superpixels", "Nearest")
    found = loaded_by(f"import seewhy; [getattr(seewhy, name) for name in {modules}]")
    assert not found & {"matplotlib", "skimage", "torchvision"}


def test_every_public_name_exists():
    assert {name for name in seewhy.__all__ if getattr(seewhy, name, None) is None} == set()
    with pytest.raises(AttributeError, match="no attribute 'explian'"):
        seewhy.explian  # noqa: B018


def test_the_index_of_methods_is_fresh(tmp_path, monkeypatch):
    kept = registry.FACTS_FILE.read_text(encoding="utf-8")
    monkeypatch.setattr(registry, "FACTS_FILE", tmp_path / "facts.json")
    registry.write_facts()
    fresh = registry.FACTS_FILE.read_text(encoding="utf-8")
    assert kept == fresh, "src/seewhy/facts.json is older than the methods: run `make facts`"
    assert registry.facts().keys() == registry.load_all().keys()
