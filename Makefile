# People and CI run the same commands. `make run` and `make test` set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml)
EDITABLE := $(foreach p,$(PACKAGES),-e $(patsubst %/pyproject.toml,./%,$(p)))
SOURCES := libs services tests
ARGS ?=

# The tests start hundreds of processes, each of which would compile what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-all lint format bench docs lock clean

run: $(VENV)/.run
	@exec $(BIN)/ai2text up --samples $(ARGS)

test: lint
	$(BIN)/pytest tests/unit
	$(BIN)/pytest -n 3 -m "not slow" tests/integration tests/e2e tests/chaos

test-all: lint
	$(BIN)/pytest tests/unit
	$(BIN)/pytest -n 2 tests/integration tests/e2e tests/chaos tests/bench

lint: $(VENV)/.dev
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

docs: $(VENV)/.dev
	$(BIN)/python -m ai2text.cli.settings_table docs/operations.md

# The locks hold versions and hashes and name no index.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url
OWN := $(foreach p,api-gateway asr audio cli common ingestion metadata training-orchestrator,--no-emit-package ai2text-$(p))
lock: $(VENV)/.uv
	$(COMPILE) $(UPGRADE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) $(UPGRADE) $(OWN) $(PACKAGES) requirements/build.in -o requirements/run.txt
	$(COMPILE) $(UPGRADE) requirements/dev.in -c requirements/run.txt -o requirements/dev.txt

$(VENV)/.uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "AI2Text needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": run make PYTHON=python3.12 (or another that you have)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.txt $(PACKAGES)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/run.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(EDITABLE)
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
