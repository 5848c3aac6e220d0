# Two commands matter: `make book` and `make test`. Both set themselves up, and both may be repeated or interrupted.
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
PYTHON ?= python
else
BIN := .venv/bin
# The first Python that the lock is made for and that can make a virtual environment.
FIT := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c '$(FIT)' 2>/dev/null && echo $$p && exit; done; echo python3)
endif

.DEFAULT_GOAL := help
.PHONY: help setup fetch book pdf test unit lab check lint lock colab clean

help:            ## list the targets
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup:
	@$(PYTHON) scripts/bootstrap.py

fetch: setup     ## fetch and verify data and weights (about 300 MB, once)
	@$(BIN)/pyft fetch

book: fetch      ## run the chapters that changed and build _build/html/index.html
	@$(BIN)/pyft book

pdf: book        ## print the built book into _build/book.pdf (with the Chromium of this machine)
	@$(BIN)/pyft pdf

test: fetch      ## run every test: units, notebooks against their stored outputs, the book itself
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-sanitize-with nbval.cfg chapters tests

unit: setup      ## run the quick unit tests (some minutes, offline)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --hypothesis-profile quick tests -m "not slow and not fetched and not long"

lab: fetch       ## open the chapters in JupyterLab
	@$(BIN)/python -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/chapters

check:           ## say of each package whether it is the one that the book is tested with
	@if [ -x $(BIN)/python ]; then $(BIN)/python scripts/check_environment.py; else $(PYTHON) scripts/check_environment.py; fi

lint: setup      ## style, types, spelling, schemas and layers: what pre-commit and CI run
	@. $(BIN)/activate && python -m pre_commit run --all-files

lock: setup      ## remake requirements.lock from pyproject.toml; what is locked stays
	@$(BIN)/python scripts/lock.py

colab: setup     ## write the Colab edition of the chapters to _build/colab
	@$(BIN)/pyft colab

clean:           ## delete what was built; keep the virtual environment and the fetched data
	rm -rf _build
