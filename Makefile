# Every command sets itself up: a virtual environment in .venv, nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LANGUAGE ?= en
TRANSPORT ?= tcp
PINPAD ?= none
SECONDS ?= 60
PORT ?= 0
MESSAGES ?=
SEEDS ?= 1-50
MORE_FROM ?=
MINUTES ?= 0
MEMORY ?= 200000

.PHONY: demo counter test check bench fuzz simulate docs clean

demo: $(VENV)/cli.stamp
	$(BIN)/posrefund demo --lang $(LANGUAGE) --transport $(TRANSPORT) --pinpad $(PINPAD)

# A shop to practise in, and its counter in a browser: nothing in it is money.
counter: $(VENV)/http.stamp
	$(BIN)/posrefund train --browser --lang $(LANGUAGE) --port $(PORT)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto --maxprocesses 4

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered
	$(MAKE) docs

docs: $(VENV)/dev.stamp
	$(BIN)/sphinx-build -W -n -q -b html docs docs/_build/html

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks --memory $(MEMORY)

# A number of messages that is asked for is the number that is sent, however long it takes.
FUZZ_LIMIT = $(if $(MESSAGES),--messages $(MESSAGES) --seconds 1e9,--messages 1000000000 --seconds $(SECONDS))

fuzz: $(VENV)/dev.stamp $(VENV)/fuzz.stamp
	$(BIN)/python -m fuzz.run --seconds $(SECONDS)
	$(BIN)/python -m fuzz.mutate $(FUZZ_LIMIT)
	$(BIN)/python -m fuzz.differential $(FUZZ_LIMIT)

# Atheris never comes as source: building it needs clang. Without it fuzz.run says so, and why.
$(VENV)/fuzz.stamp: pyproject.toml | $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary atheris -e '.[fuzz]' \
	  && touch $@ || echo "Atheris could not be installed: going on without it"

# SEEDS=A-B is played whole; then, with MINUTES=8 MORE_FROM=<commit>, as many more as fit, counted from the commit's digits.
simulate: $(VENV)/dev.stamp
	$(BIN)/python -m posrefund.testing.simulator --seeds=$(SEEDS) --more-from "$(MORE_FROM)" --minutes $(MINUTES)

clean:
	rm -rf $(VENV) posrefund-demo docs/_build .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("posrefund needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/cli.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[cli]'
	touch $@

$(VENV)/http.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[counter,http,print]'
	touch $@ $(VENV)/cli.stamp

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/cli.stamp $(VENV)/http.stamp

# The other codecs are compared with, never needed: one that does not install is left out by name.
$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]' \
	    || echo "not every other codec installs here; those are left out by name"
	touch $@
