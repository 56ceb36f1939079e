# Two commands do everything on a machine with Python >= 3.11, make and a C++ compiler:
#   make demo    a whole network on this machine, with an attack
#   make test    lint, types, import contracts, tests

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint tidy bench comparison lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: $(STAMP) ## create .venv and install everything (the other targets do this first)

# The stamp is written last: a set-up that was interrupted starts again, a finished one costs nothing.
# Hashes pin every package. The project itself goes in afterwards, with the locked build backend
# and no network, because an editable install has no hash. Last, the stale `trio-stubs` that come
# with libp2p's trio-typing go: they hide the types that trio has had itself since.
$(STAMP): requirements.lock pyproject.toml .ci/system
	@sh .ci/system $(PYTHON)
	@echo "==> 1/3 creating $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "==> 2/3 installing the locked packages (a few minutes the first time)"
	$(PIP) install --progress-bar off --require-hashes --requirement requirements.lock
	@echo "==> 3/3 installing grapevine itself"
	$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@rm -rf $(VENV)/lib/python3*/site-packages/trio-stubs
	@touch $@

lint: $(STAMP) ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tidy: $(STAMP) ## the house rules that no other tool checks
	$(BIN)/pytest -q tests/test_tidy.py tests/test_docs.py tests/test_packaging.py

check: lint tidy ## the inner loop: lint and the fast tests
	$(BIN)/pytest -q -n logical --maxprocesses 4 -m "not slow"

# The kernels run twice: as plain Python first, where an index out of range is an error and not
# somebody else's memory, then compiled with everything else.
test: lint tidy ## everything that must hold before a change lands
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q -m "not slow and not data and not compiled" tests/ranking tests/trust \
	  tests/sim/methods
	$(BIN)/pytest -q

demo: $(STAMP) ## real daemons on loopback, real recommendations, a Sybil attack
	$(BIN)/python -m sim.demo

bench: $(STAMP) ## the figures of the README, measured here
	$(BIN)/python -m tests.bench

# From nothing: a sweep skips what is finished, and does not know that the code has changed.
comparison: $(STAMP) ## the comparison in docs/, made again; GRAPEVINE_DATA names the data
	rm -rf build/comparison build/report
	$(BIN)/grapevine sim sweep comparison --out build/comparison
	$(BIN)/grapevine sim report build/comparison --out build/report
	cp build/report/report.html docs/comparison.html
	cp build/report/plots/sweep-1-comparison-1.png docs/comparison.png

# Two files from one resolution: all of it for people who change Grapevine, and the part that runs
# for the image, held to the same versions.
RESOLVE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet
lock: $(STAMP) ## resolve the lock files anew from pyproject.toml
	$(PIP) install --quiet uv
	$(RESOLVE) --upgrade --extra dev --output-file requirements.lock
	$(RESOLVE) --constraint requirements.lock --output-file requirements-run.lock

clean: ## remove the virtual environment and what the tools left
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
