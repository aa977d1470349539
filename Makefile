# Two commands for a newcomer: `make demo` and `make test`. Everything they need goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Without byte code every start of a process compiles the packages anew.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test checks unit browser bench bench-asr bench-speed bench-rules bench-models bench-batch clean

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

# On all cores: a file's tests stay together, in the order they stand in, so that what they share is made once.
# Then what is held to a time, with nothing beside it. Both always run, so that every failure is seen.
WORKERS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
unit: $(READY) browser
	@failed=0; \
	$(BIN)/pytest -m "not timing" -n $(if $(filter 1,$(WORKERS)),0,$(WORKERS)) --dist loadfile --no-loadscope-reorder || failed=1; \
	$(BIN)/pytest -m timing || failed=1; \
	exit $$failed

# What the tests of the review desk need besides .venv: Chromium, and a font that has Chinese characters.
CHROMIUM := chromium fonts-wqy-microhei
browser:
	@command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q . || \
	if command -v apt-get >/dev/null && test "$$(id -u)" = 0; then \
	  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(CHROMIUM); \
	else echo "The browser tests need Chromium: apt-get install $(CHROMIUM)" >&2; fi

# Programs to be compared with, where they are not on the PATH: make bench WHISPERX=/opt/whisperx/bin/whisperx
WHISPER_CTRANSLATE2 ?= whisper-ctranslate2
WHISPERX ?= whisperx
FOUND_CTRANSLATE2 = $(shell command -v $(WHISPER_CTRANSLATE2))

# One behind the other, whatever -j says: they would disturb each other.
bench: $(READY)
	$(MAKE) bench-asr
	$(MAKE) bench-speed
	$(MAKE) bench-rules
	$(MAKE) bench-models
	$(MAKE) bench-batch

bench-asr: $(READY)
	$(BIN)/python benchmarks/asr.py $(if $(FOUND_CTRANSLATE2),--whisper-ctranslate2 $(FOUND_CTRANSLATE2))

bench-speed: $(READY)
	$(BIN)/python benchmarks/speed.py --whisper-ctranslate2 $(WHISPER_CTRANSLATE2) --whisperx $(WHISPERX)

bench-rules: $(READY)
	$(BIN)/python benchmarks/rules.py

bench-models: $(READY)
	$(BIN)/python -m benchmarks.models --only speed

bench-batch: $(READY)
	$(BIN)/python -m benchmarks.batch inventory --calls 20000
	$(BIN)/python -m benchmarks.batch store

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "earmark needs Python 3.11 or newer; name it: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[base-model,parquet,postgres,dev]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info demo.db demo.db-wal demo.db-shm
