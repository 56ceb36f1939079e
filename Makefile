# Two commands do everything on a machine with Python >= 3.11, make and a C++ compiler:
#   make demo    a whole network on this machine, with an attack
#   make test    lint, types, import contracts, tests

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup demo test check lint types bench lock clean system

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv and install everything (all other targets do this first)

system:
	@sh .ci/system $(PYTHON)

$(STAMP): requirements.lock pyproject.toml | system
	@echo "==> creating $(VENV) and installing the locked packages (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

lint: $(STAMP) ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## the inner loop: lint and the fast tests
	$(BIN)/pytest -q -m "not slow"

test: lint ## everything that must hold before a change lands
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q tests/ranking tests/trust -m "not slow and not data"
	$(BIN)/pytest -q

demo: $(STAMP) ## real daemons on loopback, real recommendations, a Sybil attack
	$(BIN)/python -m sim.demo

bench: $(STAMP) ## the figures of the README, measured here
	$(BIN)/python -m tests.bench

lock: $(STAMP) ## resolve requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
