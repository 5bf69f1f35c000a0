# Every target sets the environment up first; that takes about a minute once, and no time afterwards.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench clean

# Byte code is kept even where the environment says not to: without it every process compiles torch,
# transformers and timm anew, which takes longer than loading them.
export PYTHONDONTWRITEBYTECODE :=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv with everything in it, or bring it up to date
	@scripts/setup.sh

demo: setup ## run the embedded policy on real LIBERO and print its success table
	@.venv/bin/spatune demo

test: setup ## run the tests (not those that need a GPU, Unity or minutes)
	@.venv/bin/pytest -q -n 2 --dist loadfile

check: setup ## lint, formatting and types
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright

bench: setup ## run every benchmark, one after the other
	@set -e; for file in benchmarks/[!_]*.py; do echo "== $$file"; .venv/bin/python "$$file"; done

clean: ## remove .venv, caches and build products; runs/ stays
	@rm -rf .venv build dist *.egg-info plugins/*/build plugins/*/*.egg-info .hypothesis .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
