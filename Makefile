# The two commands are `make run` and `make test`; `make help` lists the others.
# Variables: ARGS (passed on), JOBS (test processes), PYTHON (3.11 or newer), and the
# environment of docs/operations.md, as in `make run PORT=8080`.

PYTHON ?= python3
JOBS ?= auto
ARGS ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run manage test screenshots bench-engine bench-renewal check fmt lock

help: ## list the commands
	@echo 'make ...'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

setup: ## install the packages and build the assets (run and test do it by themselves)
	@$(PYTHON) deploy/local/prepare.py

run: setup ## run the product on this machine until Ctrl-C
	@$(BIN)/python -m deploy.local.run

manage: setup ## a command of manage.py on what `make run` runs: make manage ARGS="verify_ledger"
	@$(BIN)/python -m deploy.local.manage $(ARGS)

test: ## set up everything and run the whole suite: make test ARGS="-k buckets"
	@$(PYTHON) deploy/local/prepare.py --tests
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)

screenshots: ## take the pictures of docs/images from the browser's story
	@$(PYTHON) deploy/local/prepare.py --tests
	@SCREENSHOT_DIR=docs/images $(BIN)/python -m pytest -q tests/journeys/test_story.py

bench-engine: setup ## decisions a second of the charging engine alone
	@$(BIN)/python -m bench.engine

bench-renewal: setup ## renew 100,000 plans that are due at once, and check the books
	@$(PYTHON) deploy/local/prepare.py --tests
	@$(BIN)/python -m bench.renewal $(ARGS)

check: setup ## lint, types, import contracts, migrations, production settings
	@$(BIN)/python -m deploy.local.check

fmt: setup ## format and sort the Python code
	@$(BIN)/ruff check --select I --fix .
	@$(BIN)/ruff format .

lock: setup ## write requirements*.txt anew from requirements*.in
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-find-links --no-emit-index-url --output-file=requirements.txt requirements.in $(ARGS)
	@$(BIN)/pip-compile --quiet --strip-extras --no-emit-find-links --no-emit-index-url --output-file=requirements-dev.txt requirements-dev.in $(ARGS)
