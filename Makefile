# What a person types: `make app`, `make test`. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/ready
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

.DEFAULT_GOAL := help
.PHONY: help app test check bench lock chromium

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | sort | while IFS="$$(printf '\t')" read -r name what; do \
		printf 'make %-8s %s\n' "$$name" "$$what"; done

app: $(STAMP) ## open the dashboard on a shipped checkpoint (RUN=name opens that one, PORT=8501)
	@$(BIN)/latent-explorer app $(RUN) $(if $(PORT),--port $(PORT))

test: $(STAMP) chromium ## run all tests, Chromium's too
	@CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -q -n 2 --dist loadgroup

check: $(STAMP) ## formatting, lint, types, layers, then all tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: $(STAMP) ## run every benchmark in turn
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

lock: $(STAMP) ## pin the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate --group dev \
		--python-version 3.11 pyproject.toml -o requirements.lock

# The environment: made once, renewed when the pins or the package's description change.
$(STAMP): requirements.lock pyproject.toml hatch_build.py
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON) here: install Python 3.11 or newer, or name one, as in: make app PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: install Python 3.11 or newer, or name one, as in: make app PYTHON=python3.12" >&2; exit 1; }
	@version='import sys, pip; print(sys.version_info[:2])'; \
	if [ "$$($(BIN)/python -c "$$version" 2>/dev/null)" != "$$($(PYTHON) -c 'import sys; print(sys.version_info[:2])')" ]; then \
		echo "Making the environment in $(VENV): a few minutes and several GB, once."; $(PYTHON) -m venv --clear $(VENV); fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

chromium:
	@[ -n "$(CHROMIUM)" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& echo "Installing Chromium for the tests." && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || { \
		echo "The tests need Chromium: install it (apt-get install chromium, brew install --cask chromium) or name it, as in: make test CHROMIUM=/path/to/chrome" >&2; exit 1; }
