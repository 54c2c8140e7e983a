# Every command sets itself up: a virtual environment in .venv, nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LANGUAGE ?= en
SECONDS ?= 60
MESSAGES ?= 1000000000
SEEDS ?= 1-50
MEMORY ?= 200000

.PHONY: demo test check bench fuzz simulate docs clean

demo: $(VENV)/cli.stamp
	$(BIN)/posrefund demo --lang $(LANGUAGE)

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest

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

fuzz: $(VENV)/dev.stamp
	$(BIN)/python -m fuzz.mutate --seconds $(SECONDS) --messages $(MESSAGES)
	$(BIN)/python -m fuzz.differential --seconds $(SECONDS) --messages $(MESSAGES)

simulate: $(VENV)/dev.stamp
	PYTHONPATH=tests $(BIN)/python -m terminal.simulation --seeds $(SEEDS)

clean:
	rm -rf $(VENV) posrefund-demo docs/_build .pytest_cache .mypy_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("posrefund needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/cli.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[cli]'
	touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ $(VENV)/cli.stamp

# The other codecs are compared with, never needed: one that does not install is left out by name.
$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]' \
	    || echo "not every other codec installs here; those are left out by name"
	touch $@
