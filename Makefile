# The commands of this project; `make` lists them. They need only Python 3.10 or newer, make, and git.
# `make test PYTHON=python3.12` uses that interpreter, in a virtual environment of its own.

PYTHON ?= python3
VENV := .venv$(if $(filter command line,$(origin PYTHON)),-$(shell $(PYTHON) -c 'import platform; print(platform.python_version())'))
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1
unexport PYTHONDONTWRITEBYTECODE  # what one process has compiled, the hundreds of others of a test run need not

.DEFAULT_GOAL := help
.PHONY: help venv rehearse test test-more test-odd test-pythons test-wine lint types types-linux types-win32 types-darwin workflows tests fuzz bench format docs summary pin lock release-tree verify-release clean

help:  ## list the commands
	@sed -n 's/^\([a-z-]*\):.*##/\1 -/p' Makefile

venv: $(VENV)/made  ## make the virtual environment from the hash lock
$(VENV)/made: requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=... ")'
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --no-compile -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	touch $@

rehearse: venv  ## rehearse a whole release on this machine, against the embedded index
	$(BIN)/python -m pypi_trusted_publish rehearse

test: lint types workflows tests  ## everything that must pass before a commit, in at most five minutes

test-more: venv fuzz  ## what takes longer: the action in a workflow runner, other clients and indexes, real files, soak
	$(BIN)/pytest --numprocesses 4 --dist worksteal tests/more tests/odd

test-odd: venv  ## releases on unusual machines: limits, file systems, users, clocks; lists what it could not test
	$(BIN)/pytest --numprocesses 2 tests/odd

test-pythons: venv  ## the core of the suite on every CPython 3.10 or newer of this machine
	$(BIN)/python tools/test_pythons.py

test-wine: venv  ## the action, and the tests that concern Windows, on a Windows CPython under Wine 10
	$(BIN)/python tools/test_wine.py

lint: venv  ## check the style of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv  ## check the types of the code, those of the product for Windows and macOS too
	@$(MAKE) --no-print-directory --jobs 3 --keep-going types-linux types-win32 types-darwin
types-linux:
	$(BIN)/mypy
types-win32 types-darwin: types-%:
	$(BIN)/mypy --platform $* --cache-dir .mypy_cache/$* src bootstrap.py

workflows: venv  ## check the workflows and the actions
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/zizmor --offline --persona auditor --quiet action.yml check/action.yml preview/action.yml tests/action/nested .github $(EXAMPLES)
EXAMPLES = $(wildcard examples/*.yml)
WORKFLOWS = $(wildcard .github/workflows/*.yml) $(EXAMPLES)

tests: venv  ## run the tests, with branch coverage
	$(BIN)/pytest --numprocesses 3 --dist worksteal --cov --cov-report term --ignore tests/more --ignore tests/odd

fuzz: venv  ## run the check on damaged names, metadata and archives for SECONDS
	PYTHONPATH="src$(if $(filter Windows_NT,$(OS)),;,:)tests" $(BIN)/python -m more.fuzz $(SECONDS)
SECONDS ?= 60

bench: venv  ## measure this project, twine and uv in one run: about ten minutes (BENCH="--only small" FIGURES=benchmarks/figures.json)
	$(BIN)/python -m benchmarks --json $(FIGURES) $(BENCH)
FIGURES ?= build/figures.json

format: venv  ## format the code with ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: venv  ## update the generated pages and tables
	$(BIN)/python tools/generate_docs.py

summary: venv  ## take the pictures of the summary and of a preview's page (needs Chromium)
	$(BIN)/python tools/screenshots.py
	$(BIN)/python tools/preview_pictures.py

pin: venv  ## pin a release in the examples: make pin VERSION=1.2.3
	$(BIN)/python tools/pin.py $(VERSION)
	$(BIN)/python tools/generate_docs.py

lock: venv  ## refresh the hash locks with releases at least a week old; all locks pin the same version of a package
	$(BIN)/uv pip compile --quiet --upgrade --exclude-newer P7D $(LOCK) requirements/dev.in --output-file requirements/dev.txt
	for name in attestations build; do \
	  $(BIN)/uv pip compile --quiet $(LOCK) $(UNUSED:%=--no-emit-package %) --constraints requirements/dev.txt requirements/$$name.in --output-file requirements/$$name.txt || exit; done
	for name in runtime description; do \
	  $(BIN)/uv pip compile --quiet $(LOCK) --no-deps --constraints requirements/dev.txt requirements/$$name.in --output-file requirements/$$name.txt || exit; done
	$(BIN)/python tools/wheel_table.py
	$(BIN)/python tools/generate_docs.py
UNUSED := rich pygments markdown-it-py mdurl dnspython
LOCK := --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header --no-annotate

release-tree: venv  ## write the tree of a release: make release-tree OUT=build/release
	test "$(OUT)" != build/release || rm -rf build/release
	$(BIN)/python tools/release_tree.py $(OUT)
OUT ?= build/release

verify-release: venv  ## build the tree of a release again and compare: make verify-release TAG=v1.2.3
	$(BIN)/python tools/verify_release.py $(TAG)

clean:  ## remove what the commands above made
	rm -rf .venv* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist build
