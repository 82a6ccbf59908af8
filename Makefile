# `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup debian generate check lint types imports charts-lint test unit contract simulation \
        cluster e2e images programs demo lab-down kind perf simulate soak

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
STAMP := $(VENV)/.perigee-installed
LOCKS := requirements/bootstrap.lock requirements/dev.lock
PROJECTS := crds operator edge_agent lab demo

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: debian $(STAMP) ## Debian packages (as root) and the locked Python environment

debian:
	@./setup/debian-packages

$(STAMP): $(LOCKS) $(PROJECTS:%=%/pyproject.toml) | debian
	@./setup/python-environment $(VENV) $(PROJECTS)
	@touch $@

generate: $(STAMP) ## CRDs, their chart and docs/api.md from the models
	@python -m perigee_api.generate

check: lint types imports generated charts-lint ## Everything that needs no run: make test begins with it

lint: $(STAMP)
	@ruff format --check --quiet . || { echo "ruff format would change files: run 'ruff format .'" >&2; exit 1; }
	@ruff check --quiet .

types: $(STAMP)
	@mypy $(PROJECTS:%=%/src) images tests

imports: $(STAMP)
	@lint-imports --no-logo

generated: $(STAMP)
	@python -m perigee_api.generate --check

charts-lint: $(STAMP)
	@"$$(perigee-lab tool helm)" lint --strict --quiet charts/*

programs: $(STAMP)
	@for program in perigee-kube kine helm; do perigee-lab tool "$$program" >/dev/null; done

# What is slow to build is built before, where its progress is seen.
test: check programs images ## check, unit, contract, simulation, cluster and e2e: all of it
	@tests/run

unit contract simulation cluster e2e: $(STAMP) ## One layer of the tests
	@pytest tests/$@

soak: $(STAMP) ## Twenty cycles of dark and return; rollouts in turmoil, for hours: writes docs/soak.md
	@pytest -m soak tests/e2e
	@PYTHONPATH=tests/support python tests/soak/rollouts.py --document=docs/soak.md

simulate: $(STAMP) ## A thousand satellites for 30 days: writes docs/simulation.md and .svg
	@perigee-operator simulate --satellites 1000 --days 30 --loss 0.01 --loss 0.05 --loss 0.2 --seed 1 \
	        --document=docs/simulation.md --plot=docs/simulation.svg

perf: $(STAMP) ## Benchmarks: figures as ratios against a baseline of the same run
	@for benchmark in tests/perf/*.py; do PYTHONPATH=tests/support python "$$benchmark"; done

images: $(STAMP) ## Container images, by docker, podman or buildah
	@images/build

demo: $(STAMP) ## The main job on a real constellation; KEEP=1 leaves it running
	@perigee-demo run $(if $(KEEP),--keep)

lab-down: $(STAMP) ## Ends every trace of the lab
	@perigee-lab down

kind: ## A kind cluster on a laptop with Docker, which may be no Debian
	@./setup/python-environment $(VENV) $(PROJECTS)
	@manifests/kind/up
