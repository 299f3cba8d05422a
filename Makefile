# Setup, demo, tests and checks. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Lets Python cache bytecode, so that the processes that the tests start do not compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo tour test fuzz pages safeguards load bench chaos soak check format requirements clean

help: ## List the targets
	@grep -hE '^[a-z.]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z.]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.venv: $(VENV)/.ready ## Set up the virtual environment (every other target does it first)

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

# Three workers for two cores: about a third of the time the tests wait, for a browser or for a fax to be sent.
test: .venv ## Run the tests
	@$(BIN)/python -m pytest -n 3 --dist worksteal

fuzz: .venv ## Run the property-based tests with far more, random examples (half an hour)
	@FAXBOT_TEST_EXAMPLES=fuzz $(BIN)/python -m pytest -n 2 --dist worksteal -m hypothesis

pages: .venv ## Compare every printed page with what a viewer shows (FILES=folder: your own files; ONLY=words)
	@.ci/converters
	@$(BIN)/python -m tests.pages $(if $(FILES),--files "$(FILES)",--write) $(if $(ONLY),--only "$(ONLY)")

safeguards: .venv ## Remove each safeguard in turn: a test must fail (ONLY=words selects some)
	@$(BIN)/python -m tests.safeguards --write $(if $(ONLY),--only "$(ONLY)")

load: .venv ## Send 200 faxes at once from 20 channels, with Slack's rate limits
	@$(BIN)/python -m tests.load

check: .venv ## Check lint, formatting, types and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

# Results of PostgreSQL are shown, and not written into docs/reliability.md.
CHAOS_DATABASE := $(if $(DATABASE),--database $(DATABASE),--write)

chaos: .venv ## Kill the bot at every step and inject every fault (DATABASE=postgresql: on PostgreSQL)
	@$(BIN)/python -m tests.chaos chaos $(CHAOS_DATABASE)

DURATION ?= 300
SEED ?= 0

soak: .venv ## Random kills, faults and outages for DURATION=300 seconds; SEED=n repeats a run
	@$(BIN)/python -m tests.chaos soak --duration $(DURATION) --seed $(SEED) $(CHAOS_DATABASE)

bench: .venv ## Measure faxbot beside its lower bounds, in a quarter of an hour; writes docs/performance.md
	@$(BIN)/python -m benchmarks --write

format: .venv ## Format the code and apply automatic fixes
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

requirements: .venv ## Update the pinned requirements, with hashes and without index addresses
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate pyproject.toml --output-file requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --group dev -c requirements/run.txt pyproject.toml --output-file requirements/dev.txt

clean: ## Remove the virtual environment and the data of the demo
	@rm -rf $(VENV) demo-data dist build
