# two commands do everything: `make demo` runs the main job, `make test` passes the tests
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test quick sanitize aarch64 instructions bench docs lint types clean

help:
	@echo "make demo       digits get small, a traffic clip is watched; writes demo.html"
	@echo "make test       all tests"
	@echo "make quick      the tests without the long ones: about a minute"
	@echo "make sanitize   native core under sanitizers (part of make test)"
	@echo "make aarch64    NEON kernels, emulated, against this machine (part of make test)"
	@echo "make instructions  instructions a tick, counted by callgrind (part of make test)"
	@echo "make bench      workloads, latencies, sizes; beside others if installed"
	@echo "make docs       the API reference: docs/api.md, pages in build/docs (Python 3.9)"
	@echo "make lint types style and type checks"
	@echo "make clean      remove $(VENV) and build folders"

demo: $(READY)
	$(BIN)/neuroedge demo --out demo.png --report demo.html

test: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist loadfile

quick: $(READY)
	$(BIN)/python -m pytest tests -n 2 --dist loadfile -m "not long"

# parts of `make test`, by themselves; what is missing for them is said, and is no failure
sanitize: $(READY)
	$(BIN)/python -m pytest tests/native/test_sanitizers.py

aarch64: $(READY)
	$(BIN)/python -m pytest tests/native/test_aarch64.py

instructions: $(READY)
	$(BIN)/python -m pytest tests/native/test_instructions.py

bench: $(READY)
	$(BIN)/python bench/run.py $(BENCH)

docs: $(READY)
	$(BIN)/python docs/reference.py
	@$(BIN)/python -c 'import pdoc' 2>/dev/null || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check "pdoc>=14"
	$(BIN)/python docs/reference.py build/docs
	@echo "build/docs/index.html"

lint: $(READY)
	$(BIN)/ruff check src compat tests bench docs examples

types: $(READY)
	$(BIN)/mypy

# made once, and again when what it is built from changes
$(READY): pyproject.toml CMakeLists.txt $(shell find native -name '*.cpp' -o -name '*.h' -o -name '*.inc')
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8))' || \
	  { echo "error: Python 3.8 or newer is needed: sudo apt install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "error: the venv module is missing: sudo apt install python3-venv" >&2; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || \
	  { echo "error: a C++ compiler is missing: sudo apt install g++" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "building neuroedge into $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist
