# Copyright (c) 2026, ackops.eci contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything a contributor does, one word each. Needs Python 3.11 or newer with its venv module, and make.
# Environments and builds are made on demand in $ACKOPS_CACHE (default: ~/.cache/ackops-eci) and used again.

DEV := tests/dev/start.sh
RUN := $(DEV) run main

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help env demo demo-fleet demo-busy test mutation bench chaos scale lint ruff gates ansible-lint docs-lint types unit browser awx sanity importer binaries \
        coverage matrix compat integration scenarios artifact cluster release docs format messages requirements clean clean-environments

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Passed on where they make sense: ARGS='...' (make unit ARGS='-k matrix'), PYTHON=python3.12, ACKOPS_CACHE=dir"

env: ## Make the environment of the demo and the tests, and print where it is
	@$(DEV) env main

demo: ## Show what the collection does, on a throw-away cluster
	@$(RUN) python -m tests.demo $(ARGS)

demo-fleet: ## Upgrade four real clusters behind the gate, three of them in trouble
	@$(RUN) python -m tests.demo.fleet $(ARGS)

demo-busy: ## Recreate what can be recreated on a cluster full of troubles, and list the rest with remedies
	@$(RUN) python -m tests.demo.busy $(ARGS)

# What is newer runs in `make compat`, `make sanity` and, with all that is between, in `make matrix`: every week in CI.
test: export RELEASES := oldest
# Programs that the tests start many times share their beginning (tests/preloaded); everywhere else each starts anew.
test: export PRELOADED := 1
test: ## Run every check there is, what is quick first
	@$(DEV) test

lint: ruff gates ansible-lint docs-lint ## Run the linters

ruff: ## Check Python style and formatting
	@$(DEV) ruff

gates: ## Check licenses, YAML, shell, spelling, workflows, and the Pythons that the code needs
	@$(DEV) gates

ansible-lint: ## Check playbooks, roles and metadata
	@$(DEV) ansible-lint

docs-lint: ## Check documentation and changelog
	@$(DEV) docs-lint

types: ## Check types
	@$(DEV) types

unit: ## Run the unit tests
	@$(RUN) python -m pytest tests/unit -n 2 $(ARGS)

browser: ## Test the pages of reports in headless Chromium (installed with apt-get where it is missing, by root)
	@$(DEV) browser $(ARGS)

awx: ## Check what AWX gets against the modules that apply it, and the execution environment
	@$(DEV) awx $(ARGS)

sanity: ## Run ansible-test sanity, without containers
	@$(DEV) sanity $(ARGS)

importer: ## Build the artifact and run Galaxy's import check on it
	@$(DEV) importer

binaries: ## Build the programs of the test cluster (minutes the first time; it says how far it is)
	@$(RUN) python -m tests.cluster build --all

mutation: binaries ## Take each rule of safe recreation out of the code, and show that a test falls (minutes)
	@$(RUN) python -m tests.mutation $(ARGS)

compat: binaries ## Run the tests on the oldest and the newest supported releases
	@$(DEV) compat $(ARGS)

coverage: binaries ## Show what the unit and integration tests reach, every branch (ARGS=tests/unit for one of the two)
	@$(DEV) coverage $(ARGS)

matrix: binaries ## Run every supported ansible-core, Python, client and control plane, and write the page of them (hours, and it goes on where it stopped; ARGS='2.16 --check unit')
	@$(DEV) matrix $(ARGS)

# They wait more than they compute.
integration: binaries ## Run the integration tests on the test cluster
	@$(RUN) python -m pytest tests/integration -n 4 --dist loadgroup $(ARGS)

scenarios: binaries ## Run the scenarios of recreation, and write docs/docsite/rst/scenarios.rst from what they saw
	@$(RUN) python -m tests.integration.scenarios $(ARGS)

chaos: binaries ## Recreate in a storm of changes, and while the run is killed again and again: nothing is lost (ARGS=--quick: minutes, else half an hour)
	@$(RUN) python -m tests.chaos $(ARGS)

scale: binaries ## Measure what fleets of many clusters cost (ARGS='--hosts 1 10 100 1000 --json FILE'; minutes for each 100 hosts)
	@$(RUN) python -m tests.bench.scale $(ARGS)

bench: binaries ## Measure what it costs, against what people would use instead (ARGS=--quick: minutes, else an hour or two)
	@$(DEV) run bench python -m tests.bench $(ARGS)

artifact: ## Build the collection's artifact, ackops-eci-VERSION.tar.gz, here: the same bytes wherever it is built
	@$(DEV) artifact

cluster: ## Start the test cluster and keep it running
	@$(RUN) python -m tests.cluster $(ARGS)

release: ## Turn the changelog fragments into the notes of the version in galaxy.yml
	@$(DEV) release

docs: docs-lint ## Build the documentation as HTML; a warning of Sphinx is an error
	@$(DEV) docs

format: ## Format the Python code and repair what ruff can repair
	@$(DEV) format

messages: ## List every text that people see in tests/unit/architecture/messages.txt
	@$(RUN) python -m tests.unit.architecture.messages

requirements: ## Pin the requirements anew (ARGS=--upgrade for newer releases)
	@$(DEV) requirements $(ARGS)

clean: ## Remove this checkout's caches and copies
	@$(DEV) clean

clean-environments: ## Remove the environments of every checkout
	@$(DEV) clean-environments
