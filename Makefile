# Two commands for a fresh machine with Python 3.11 or newer:  make demo   make test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test fix clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(STAMP)  ## install into .venv and see the main job work (about a minute)
	$(BIN)/counter demo

test: $(STAMP)  ## everything that is checked: format, lint, types, tests (installs mosquitto where it may)
	PATH="$(CURDIR)/$(BIN):$$PATH" bash tests/check.sh

fix: $(STAMP)  ## let the formatter and the linter mend what they can
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

clean:  ## remove what was installed and cached here
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	  || { echo "counter: error: Python 3.11 to 3.13 is needed, $$($(PYTHON) --version 2>&1) found"; \
	       echo "counter: hint: make demo PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
