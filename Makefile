# Two commands for people: `make demo` and `make test`. Everything they need is set up by themselves.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup setup-run demo test check bench clean locks

RUN := .venv/bin
JOPTIMIZ := $(RUN)/joptimiz

help:
	@echo "make demo    serve the demonstration on http://127.0.0.1:8000 (Ctrl-C stops it)"
	@echo "make test    run every test; sets up PostgreSQL and, where it may, Chromium"
	@echo "make check   lint, types, import contracts, templates, migrations"
	@echo "make bench   measure and write var/bench.json"
	@echo "make clean   remove what these commands made (asks before removing var/)"

# What running needs, and what developing needs on top. The scripts skip what is already there.
setup-run:
	@sh scripts/setup.sh run

setup:
	@sh scripts/setup.sh dev

demo: setup-run
	@exec $(JOPTIMIZ) demo

test: setup
	@sh scripts/chromium.sh
	@$(RUN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

check: setup
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache
	$(RUN)/djlint templates --lint --quiet
	$(RUN)/python scripts/check_migrations.py

bench: setup
	@$(JOPTIMIZ) bench

locks: setup
	@sh scripts/locks.sh

clean:
	rm -rf .venv .tools node_modules static/vendor build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@if [ -d var ]; then printf 'Remove var/ with its databases and files? [y/N] '; read -r answer; \
	  [ "$$answer" = y ] && rm -rf var || echo "var/ is kept."; fi
