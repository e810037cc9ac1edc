# Each target does all the set-up it needs. `make help` lists them.

PYTHON ?= python3
RUN := .venv/bin/python
FORMAT ?= text
BASE ?= HEAD

.PHONY: help book test validate add preview search screen status release forms links serve pdf lint \
	lock benchmark clean environment browser

help:  ## list the targets
	@awk -F ":.*## " "/^[a-z]+:.*## /{printf \"%-12s %s\\n\", \$$1, \$$2}" $(MAKEFILE_LIST)

environment:
	@$(PYTHON) .ci/environment.py

browser: environment
	@$(RUN) -m analysis.book.chromium

book: environment  ## validate, answer, build the book and say where it is
	@$(RUN) -m analysis build

test: book lint browser  ## every check: strict build, lint, tests, browser tests
	$(RUN) -m pytest --numprocesses auto --dist loadscope

validate: environment  ## check the data tables (FORMAT=github for annotations)
	@$(RUN) -m analysis validate --format $(FORMAT)

add: environment  ## add a study result, field by field
	@$(RUN) -m analysis add

preview: environment  ## what the edits since BASE (default: the last commit) did to every answer
	@$(RUN) -m analysis preview $(BASE)

search: environment  ## ask every source for what is new since the last search
	@$(RUN) -m analysis search

screen: environment  ## decide about found records: REVIEWER="Your Name"
	@$(RUN) -m analysis screen --reviewer "$(REVIEWER)"

status: environment  ## how current the review is
	@$(RUN) -m analysis status

release: environment  ## give the review as it stands a version, and keep it
	@$(RUN) -m analysis release

forms: environment  ## write the issue forms again after a change of data/schemas
	@$(RUN) -m analysis forms

links: environment  ## which links of the built book are dead
	@$(RUN) -m analysis links

serve: book  ## read the book at http://127.0.0.1:8000
	@$(RUN) -m analysis serve

pdf: book browser  ## print the whole book into one PDF
	@$(RUN) -m analysis pdf

lint: environment  ## style, docstrings, types, spelling
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy
	@$(RUN) -m codespell_lib

benchmark: environment  ## compare speed with other tools
	@$(RUN) -m benchmarks

lock: environment  ## pin the newest versions that pyproject.toml allows
	@$(RUN) -m uv pip compile pyproject.toml --all-extras --universal --generate-hashes \
		--python-version 3.11 --no-header --no-annotate --upgrade --quiet \
		--output-file requirements.lock

clean:  ## remove everything that was made
	rm -rf .venv _build build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
