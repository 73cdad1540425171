# `make demo` and `make test` work in a fresh clone, with nothing before them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types scripts contract unit exhaustive endurance docs dist hooks bench bench-peers clean

demo: $(VENV)/.package
	$(BIN)/latently demo

# Types and the import contract are checked beside the tests: each of them keeps one core busy, at most.
test: lint
	$(MAKE) --no-print-directory --jobs types contract unit

lint: $(VENV)/.test
	$(BIN)/ruff check src tests benchmarks endurance docs/*.py
	$(BIN)/ruff format --check src tests benchmarks endurance docs/*.py

types: $(VENV)/.test
	$(BIN)/mypy

# The types of the explorer's scripts, which stand in their comments; npx, which comes with Node, fetches the checker.
scripts:
	npx --yes --package typescript@5.9.3 tsc -p src/latently/explorer/static/jsconfig.json

contract: $(VENV)/.test
	$(BIN)/lint-imports

unit: $(VENV)/.test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist worksteal

# Every combination of parts, where `make test` tries each part once.
exhaustive: $(VENV)/.test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist worksteal -m exhaustive

# What the tests ask in a short form, at length: hours on two cores. Each program prints a figure.
endurance: $(VENV)/.test
	$(BIN)/python -m endurance

# The site, into site/, which opens from the disk. It is not built quietly: MkDocs would not count what it does not say,
# and would be strict no more. The variable silences an advertisement of the theme's heir.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build
	@echo "site/index.html"

dist: $(VENV)/.dist
	rm -rf dist
	$(BIN)/python -m build --no-isolation --sdist --wheel

hooks: $(VENV)/.hooks
	$(BIN)/pre-commit install

bench: $(VENV)/.package bench-peers
	$(BIN)/python -m benchmarks.bench

bench-peers:
	benchmarks/peers.sh

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Latently needs Python 3.11 or newer; set PYTHON=python3.11, say.")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.package: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	touch $@

$(VENV)/.test $(VENV)/.docs $(VENV)/.dist $(VENV)/.hooks: $(VENV)/.%: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable ".[$*]"
	touch $@ $(VENV)/.package

clean:
	rm -rf dist site $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
