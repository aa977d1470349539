# Two commands for a newcomer: `make demo` and `make test`. Everything they need goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without byte code every start of a process compiles the packages anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test checks unit bench clean

demo: $(READY)
	$(BIN)/earmark run data/samples --manifest data/samples/manifest.csv --db sqlite:///demo.db
	$(BIN)/earmark calls --db sqlite:///demo.db
	$(BIN)/earmark show s07.wav --db sqlite:///demo.db

test: checks unit

checks: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/pytest

bench: $(READY)
	$(BIN)/python benchmarks/asr.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "earmark needs Python 3.11 or newer; name it: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[base-model,parquet,postgres,dev]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info demo.db demo.db-wal demo.db-shm
