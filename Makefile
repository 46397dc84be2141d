# One command is the whole truth: `make check` is what .ci/run runs.

# All but what takes many minutes, and what needs Java; .ci/run takes the latter in.
MARKS ?= not long and not spark
PYTEST ?= pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: check lint types arrows test docs deploy pins spark long bench profile demo help

check: lint types arrows test  ## All that CI runs, in the same way

lint:  ## Form and style, by ruff
	ruff format --check .
	ruff check .

types:  ## Types, by mypy --strict
	mypy

arrows:  ## Imports run one way, by import-linter
	lint-imports

test:  ## The tests, on all cores
	$(PYTEST) -m "$(MARKS)"

docs:  ## Only the tests that hold the documentation to the code
	$(PYTEST) tests/docs

deploy:  ## Only the tests of deploy/: linters, rendering, schemas, alerts, docs/operate.md (test runs them too)
	$(PYTEST) tests/deploy

pins:  ## The versions in the image anew: deploy/constraints.txt
	sh deploy/pin.sh

spark:  ## Only the tests that read the datasets with Spark (pip install '.[spark]', Java 17)
	$(PYTEST) -m spark

long:  ## Only the tests that take many minutes
	pytest -m long

bench:  ## CPU a page beside Scrapy and scrapy-redis (nginx; about ten minutes)
	python -m tests.benchmarks.peers

profile:  ## Where the CPU of a worker goes
	python -m tests.benchmarks.profile

demo:  ## The main job on a small web of its own
	linkcrawl demo

help:  ## Show this text
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */  make \1\t/' | expand -t 18
