# The few commands that people use. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Twice quiet: errors only.
PIP := $(BIN)/pip --quiet --quiet --disable-pip-version-check
INSTALLED := $(VENV)/.installed
WITH_TOOLS := $(VENV)/.installed-dev
CODE := corpus index rag ui scripts tests benchmarks

.PHONY: help chat test soak check format bench has-data
.DELETE_ON_ERROR:

help:
	@echo 'make chat              set up, index the samples, serve the chat on http://127.0.0.1:7860'
	@echo 'make test              set up what tests need and run them (minutes)'
	@echo 'make soak              many kills, races and big corpora (much longer)'
	@echo 'make check             formatting, lint, types, structure; `make format` applies the first'
	@echo 'make bench DATA=DIR    the measurements of the README, on public data sets in DIR'

# An index that is missing or not sound is synced first; the chat itself starts without one.
chat: $(INSTALLED)
	@$(BIN)/rag status >/dev/null 2>&1 || $(BIN)/rag index || true
	@$(BIN)/rag chat

test: $(WITH_TOOLS)
	@scripts/install-browser.sh
	$(BIN)/pytest
	$(BIN)/pytest -m integration
	$(BIN)/pytest -m browser

soak: $(WITH_TOOLS)
	$(BIN)/pytest -m soak

check: $(WITH_TOOLS)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/python scripts/structure.py

format: $(WITH_TOOLS)
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: has-data $(INSTALLED)
	$(BIN)/python -m benchmarks.retrieval '$(DATA)'
	$(BIN)/python -m benchmarks.speed '$(DATA)'

has-data:
	@test -d '$(DATA)' || { echo 'which data? say `make bench DATA=DIR`' >&2; exit 2; }

# Stamps, so that a second run installs nothing. torch comes first and alone: whatever else asks
# for it then finds the pinned version in place.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	  "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make PYTHON=…")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo 'installing into $(VENV) (a few minutes the first time)' >&2
	@$(PIP) install --constraint constraints.txt torch
	@$(PIP) install --constraint constraints.txt --editable .
# So that the first answer comes as quickly as the next.
	@$(BIN)/python -m compileall -q corpus index rag ui
	@touch $@

$(WITH_TOOLS): $(INSTALLED)
	@echo 'installing what tests and checks need' >&2
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@
