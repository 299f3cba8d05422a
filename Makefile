# The set-up and every check, by the names people expect. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Compiled once, not anew in each of the processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo tour test fuzz safeguards load bench chaos soak check format requirements clean

help: ## List the targets
	@grep -hE '^[a-z.]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z.]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.venv: $(VENV)/.ready ## Set up the virtual environment (every other target does it by itself)

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@echo "Setting up $(VENV): about half a minute the first time."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv ## Start the simulated fax server, the Slack stand-in and the bot; prints the page's address
	@exec $(BIN)/faxbot demo

tour: .venv ## Watch a fax go out and another come in, without a person
	@exec $(BIN)/faxbot tour

# Three workers for two cores: a third of the time goes by in waiting, for a browser or for a fax to go through.
test: .venv ## Run the tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal

fuzz: .venv ## The tests that take chances, with far more of them and other ones each time (half an hour)
	@FAXBOT_TEST_EXAMPLES=fuzz $(BIN)/python -m pytest -n 2 --dist worksteal -m hypothesis

safeguards: .venv ## Take out every safeguard, one at a time: a test must go red (ONLY=words for some)
	@$(BIN)/python -m tests.safeguards --write $(if $(ONLY),--only "$(ONLY)")

load: .venv ## Fax 200 letters at once over 20 channels, with Slack's rate limits on
	@$(BIN)/python -m tests.load

check: .venv ## Lint, formatting, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

chaos: .venv ## Kill the bot at every step and let every fault befall it; prints what came of it
	@$(BIN)/python -m tests.chaos chaos --write

DURATION ?= 300
SEED ?= 0

soak: .venv ## Kills, faults and outages at random for DURATION=300 seconds; SEED=n brings a run back
	@$(BIN)/python -m tests.chaos soak --duration $(DURATION) --seed $(SEED) --write

bench: .venv ## Measure faxbot beside its floors, ten minutes or so; writes docs/performance.md
	@$(BIN)/python -m benchmarks --write

format: .venv ## Format the code and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

requirements: .venv ## Pin the requirements anew, with hashes and without index addresses
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate pyproject.toml --output-file requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --group dev -c requirements/run.txt pyproject.toml --output-file requirements/dev.txt

clean: ## Remove the virtual environment and what the demo left
	@rm -rf $(VENV) demo-data dist build
