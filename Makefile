# Every command of the house. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
DONE := .venv/.installed

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(DONE) ## make .venv from the hashed lock; does nothing when it is up to date

# uv where it is to be had, since it takes seconds; else pip, which takes a minute and comes to the same.
$(DONE): requirements-dev.lock requirements-tools.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Consultline needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)." \
	       "Name another one: make install PYTHON=/path/to/python3.12" >&2; exit 1; }
	@uv=$$(command -v uv || true); \
	if [ -z "$$uv" ]; then \
	  [ -x .tools/bin/pip ] || $(PYTHON) -m venv .tools || { \
	    echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	  .tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock \
	    && uv=.tools/bin/uv || echo "no uv to be had; going on with pip" >&2; \
	fi; \
	if [ -n "$$uv" ] \
	  && { [ -x $(BIN)/python ] || "$$uv" venv --quiet --clear --python $(PYTHON) .venv; } \
	  && "$$uv" pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock \
	  && "$$uv" pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	then :; else \
	  { [ -x $(BIN)/pip ] || $(PYTHON) -m venv --clear .venv; } \
	  && $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock \
	  && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

.PHONY: run
run: $(DONE) ## start everything on this machine, with a demo practice and a simulated carrier
	@exec $(BIN)/consultline demo $(RUN_ARGS)

# The checker of HTML, where there is npm; without it, the tests that want it say so.
HTML := tests/portal/browser/html
HTML_DONE := $(HTML)/node_modules/.installed

$(HTML_DONE): $(HTML)/package-lock.json
	@if command -v npm >/dev/null; then \
	  npm ci --prefix $(HTML) --no-audit --no-fund --loglevel=error >/dev/null && touch $@ \
	    || echo "npm could not install html-validate; going on without" >&2; \
	fi

.PHONY: test
test: $(DONE) $(HTML_DONE) ## run all tests, on a real PostgreSQL and Valkey (PYTEST_ARGS="-k window" for some)
	@$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

.PHONY: check
check: $(DONE) ## lint, format, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: bench
bench: $(DONE) ## measure what docs/speed.md tells
	@$(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: docs
docs: $(DONE) ## draw docs/lifecycles.md and docs/letters.md from the tables
	@$(BIN)/python docs/draw.py

.PHONY: screenshots
screenshots: $(DONE) ## write pictures of the main pages into docs/screenshots/, from a demo of its own
	@$(BIN)/python docs/screenshots.py

.PHONY: format
format: $(DONE) ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# No header, annotation or index: no committed file names a registry's host or a path of some machine.
LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: lock
lock: $(DONE) ## resolve the dependencies again and write the locks (UPGRADE=--upgrade for newer ones)
	@uv=$$(command -v uv || echo .tools/bin/uv); \
	"$$uv" $(LOCK) $(UPGRADE) pyproject.toml -o requirements.lock; \
	"$$uv" $(LOCK) $(UPGRADE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock; \
	echo uv | "$$uv" $(LOCK) $(UPGRADE) - -o requirements-tools.lock
