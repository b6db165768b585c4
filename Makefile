# The commands of this project; `make` lists them. Needs Python 3.10 or newer, make and git, nothing else.

PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help venv rehearse test lint types workflows tests fuzz real soak bench format docs summary pin lock clean

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*##/\1 -/p' Makefile

venv: .venv/made  ## make the virtual environment from the hash lock
.venv/made: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=... ")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --no-compile -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	touch $@

rehearse: venv  ## play a whole release on this machine, against the embedded index
	$(BIN)/python -m pypi_trusted_publish rehearse

test: lint types workflows tests  ## everything that must be green

lint: venv  ## the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv  ## the types of the code
	$(BIN)/mypy

workflows: venv  ## the workflows and the actions
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/zizmor --offline --persona auditor --quiet action.yml check/action.yml tests/action/nested .github $(EXAMPLES)
EXAMPLES = $(wildcard examples/*.yml)
WORKFLOWS = $(wildcard .github/workflows/*.yml) $(EXAMPLES)

tests: venv  ## the tests, with branch coverage
	$(BIN)/pytest --numprocesses 2 --cov --cov-report term

fuzz: venv  ## throw damaged names, metadata and archives at the check for five minutes
	PYTHONPATH="src$(if $(filter Windows_NT,$(OS)),;,:)tests" $(BIN)/python -m fuzz 300

real: venv  ## check about forty real distributions, fetched by name and hash
	$(BIN)/pytest tests/real/check_real.py

soak: venv  ## many releases through random faults and kills, and every time-out waited for: some minutes
	$(BIN)/pytest --numprocesses 8 tests/faults/soak.py

bench: venv  ## measure this project beside twine and uv, in one run: about ten minutes (BENCH="--only small" FIGURES=benchmarks/figures.json)
	$(BIN)/python -m benchmarks --json $(FIGURES) $(BENCH)
FIGURES ?= build/figures.json

format: venv  ## let ruff put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: venv  ## write the generated pages and tables anew
	$(BIN)/python tools/generate_docs.py

summary: venv  ## take the pictures of the job's summary (needs Chromium)
	$(BIN)/python tools/screenshots.py

pin: venv  ## let the examples pin a release: make pin VERSION=1.2.3
	$(BIN)/python tools/pin.py $(VERSION)
	$(BIN)/python tools/generate_docs.py

lock: venv  ## refresh the hash locks with what is a week old; one package has one pin in all of them
	$(BIN)/uv pip compile --quiet --upgrade --exclude-newer P7D $(LOCK) requirements/dev.in --output-file requirements/dev.txt
	for name in description attestations; do \
	  $(BIN)/uv pip compile --quiet $(LOCK) --constraints requirements/dev.txt requirements/$$name.in --output-file requirements/$$name.txt || exit; done
	$(BIN)/uv pip compile --quiet $(LOCK) --no-deps --constraints requirements/dev.txt requirements/runtime.in --output-file requirements/runtime.txt
LOCK := --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean:  ## remove what the commands above made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist build
