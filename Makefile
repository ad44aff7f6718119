# Everything runs from ./.venv, which each target first brings to what requirements.txt locks.
# `make demo` and `make test` are all a new machine needs; `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python

# Without bytecode every Airflow process starts two seconds later; foreign modules must not get in.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME

# Which Python makes .venv: PYTHON=python3.12 make venv. Default: the first of 3.12 and 3.11 that works.
export PYTHON

# How many tests run at once, on two cores: one has all that need Airflow, which mostly waits, the others the rest.
# make test WORKERS=0 is one after the other, in this process (for a debugger).
WORKERS ?= 3

# More arguments for the program a target runs: make test ARGS="-k rounding"
ARGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: venv
venv: ## bring ./.venv to what requirements.txt locks (nothing to do: instant)
	@stack/install.sh

# --- run -------------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: venv ## Airflow and stand-in servers: play the loop, leave the user interface open until Ctrl-C
	@$(PY) -m stack demo $(ARGS)

.PHONY: demo-check
demo-check: venv ## the same unattended: a table of expected and seen, and the exit code
	@$(PY) -m stack demo-check $(ARGS)

.PHONY: screenshots
screenshots: venv ## plays the demo and takes the pictures in docs/screenshots (needs Chromium)
	@$(PY) -m stack screenshots $(ARGS)

.PHONY: deploy-check
deploy-check: venv ## the demo on what docker-compose.yaml runs, a worker killed on the way (needs redis-server, nginx)
	@$(PY) -m stack deploy-check $(ARGS)

.PHONY: up
up: venv ## Airflow alone with the DAGs of this checkout; keeps its history in .state/up
	@$(PY) -m stack up $(ARGS)

# --- check -----------------------------------------------------------------------------------------------------------

.PHONY: test
test: venv ## the tests
	@echo "test: pytest"
	@$(PY) -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

.PHONY: check
check: lint types boundaries test ## everything that CI runs: lint, types, boundaries, test

.PHONY: lint
lint: venv ## format and rules, changing nothing
	@echo "lint: ruff format --check, ruff check"
	@.venv/bin/ruff format --check --quiet . || { echo "lint: make format would change the above"; exit 1; }
	@.venv/bin/ruff check --quiet .

.PHONY: types
types: venv ## type hints
	@echo "types: mypy"
	@.venv/bin/mypy --no-error-summary

.PHONY: boundaries
boundaries: venv ## which layer may import which
	@echo "boundaries: import-linter"
	@.venv/bin/lint-imports --no-cache > .state/boundaries.log || { cat .state/boundaries.log; exit 1; }

.PHONY: format
format: venv ## format the code and mend what can be mended
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

# --- measure ---------------------------------------------------------------------------------------------------------

.PHONY: faults
faults: venv ## boundaries x faults explored, converged, lost, doubled
	@$(PY) -m tests.faults $(ARGS)

.PHONY: edges
edges: venv ## edge cases of the domain with a test each, and the missing ones
	@$(PY) -m tests.edges $(ARGS)

.PHONY: bench
bench: venv ## ratios against peers, measured in one run: a table and JSON
	@$(PY) -m bench $(ARGS)

# --- maintain --------------------------------------------------------------------------------------------------------

COMPILE = .state/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(ARGS)

.PHONY: lock
lock: venv ## renew the locks after a change of requirements.in; ARGS=--upgrade takes newer versions
	@echo "lock: requirements.txt"
	@$(COMPILE) requirements.in --output-file requirements.txt
	@echo "lock: deploy/requirements.txt"
	@$(COMPILE) --constraint requirements.txt deploy/requirements.in --output-file deploy/requirements.txt
	@echo "lock: bench/peers"
	@for peer in dlt tap_woocommerce; do $(COMPILE) bench/peers/$$peer.in --output-file bench/peers/$$peer.txt; done
	@echo "lock: stack/tools.txt"
	@$(COMPILE) stack/tools.in --output-file stack/tools.txt

.PHONY: clean
clean: ## delete ./.venv, ./.state, caches, and copies of PostgreSQL's programs in the temporary directory
	@echo "clean: .venv .state caches"
	@for data in .state/*/postgresql/data; do \
		if [ -L "$$data" ]; then rm -rf "$$(dirname "$$(readlink -f "$$data")")"; fi; done
	@rm -rf .venv .state .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache plugins/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf "$${TMPDIR:-/tmp}"/pakhus-postgresql-*
