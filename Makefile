# The commands of this repository. Everything lives in .venv of the clone.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
# Two processes; torch itself is held to one thread in tests/conftest.py.
WORKERS ?= 2

.PHONY: help setup demo test lint facts docs format size clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP)  ## an environment in .venv, development extras included (again only when something changed)

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv (some minutes the first time)"
	@$(BIN)/python -m pip install -qq --progress-bar off -c constraints.txt torch
	@$(BIN)/python -m pip install -qq --progress-bar off -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup  ## explain a bundled photo with the bundled network; writes demo/
	$(BIN)/seewhy demo

lint: setup  ## formatting, lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint size  ## everything that CI asks for
	$(BIN)/python -m pytest -n $(WORKERS) --durations 10

size: setup  ## long functions, long modules, lonely options: printed, never failing
	@$(BIN)/python tools/size.py

facts: setup  ## regenerate src/seewhy/facts.json
	$(BIN)/python -c "from seewhy.registry import write_facts; write_facts()"

docs: facts  ## regenerate the generated pages and pictures (minutes)
	$(BIN)/python tools/doc_pages.py
	$(BIN)/python tools/pictures.py

format: setup  ## format and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what was built, the environment included
	rm -rf .venv demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
