# Two commands for a newcomer, `make demo` and `make test`: each makes the clone's own .venv first and starts at once the
# second time. Works with GNU make 3.81 (macOS). Nothing is installed outside this folder.
#   PYTHON=/path/to/python3   the Python that .venv is made with      ARGS='...'   handed on to the tool

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test soak check lint types imports format lock clean ready-demo ready-dev
unexport PYTHONPATH PYTHONHOME

PYTHON ?=
BIN := .venv/bin

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'

ready-demo ready-dev:
	@PYTHON='$(PYTHON)' sh tools/bootstrap.sh $(@:ready-%=%)

demo: ready-demo  ## the main job on real data (DATA=steady: nothing to heal; JSON=FILE: its figures)
	@$(BIN)/python examples/electricity/demo.py $(DATA:%=--data %) $(JSON:%=--json %) $(ARGS)

test: ready-dev  ## the whole suite, in parallel
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

soak: ready-dev  ## minutes of kill -9 at random moments under load
	@$(BIN)/python -m pytest -m soak $(ARGS)

check: lint types imports  ## everything that needs no run: lint, types, imports

lint: ready-dev  ## ruff: rules, banned names, format
	@$(BIN)/ruff check . $(ARGS)
	@$(BIN)/ruff format --check .

types: ready-dev  ## mypy, strict, on code and tests
	@$(BIN)/mypy $(ARGS)

imports: ready-dev  ## import-linter: the one-way order of the house
	@$(BIN)/lint-imports --no-cache $(ARGS)

format: ready-dev  ## write the format that lint asks for
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock:  ## write requirements/*.txt from pyproject.toml (needs uv)
	@python=$$(PYTHON='$(PYTHON)' sh tools/bootstrap.sh python) && "$$python" -m tools.lock $(ARGS)

clean:  ## remove .venv and what the tools left
	@rm -rf .venv .venv-discarded .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find src tests tools examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
