# Commands for a checkout. Each target creates the environment that it needs.
#
#   make demo [DATA=path]        train on generated sketches, or on your data, and show the result
#   make test [PYTEST_ARGS=...]  run the tests
#   make test-gpu                run the tests on a GPU, which device="auto" uses; an error without a GPU
#   make lint                    ruff (rules and formatting), codespell, proselint, the language test and mypy
#   make docs [GALLERY=0]        build the documentation into docs/_build/html; a warning is an error. With GALLERY=0,
#                                no example is run, and the gallery has no figures; with EXAMPLE=plot_augmentation,
#                                only this one is run
#   make bench [DATA=folder]     measure speed; with DATA, the data of the competition, also accuracy
#   make bench-gpu [DATA=folder] measure speed on a CUDA GPU, in some minutes; with DATA, also two recipes
#   make competition RECIPE=fast [DATA=folder] [SEEDS="0 1 2"] [N_JOBS=2] [PASSES=4]
#                                train a recipe on the data of the competition, and measure it
#   make defaults [DATA=folder]  measure what the study of the defaults lacks, and write its page
#   make fuzz [READERS=... LAST=999]
#                                read 10,000 damaged files of each format, or fewer; an hour on one core
#   make soak [MINUTES=10]       kill, interrupt and otherwise disturb fits, and count failures; each run uses new seeds
#   make mutants [SUBJECTS="losses"] [LAST=29]
#                                make mistakes in the source, and count those that no test notices; an hour on one core
#   make coverage                run the tests, and count the lines and branches that they reach
#   make matrix [CELLS="..."]    test the oldest and the newest dependencies, with and without each extra; downloads a lot
#   make test-oldest             run the estimator checks and some other tests with the oldest supported dependencies
#   make dist [FRESH=1]          build wheel and sdist, check them, and test the wheel outside of the checkout; with
#                                FRESH=1, in a new environment with newly downloaded dependencies
#   make clean                   remove environments, builds and caches

PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
OLDEST_TESTS := $(addprefix tests/,over_sampling semi_supervised model_selection ensemble distillation \
	feature_extraction few_shot test_fitting.py test_recall.py)
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# Processes that run the tests, with one thread each (conftest.py).
WORKERS ?= 2
# Files to spell-check.
PROSE := *.md *.toml Makefile src docs/*.md docs/user_guide tests benchmarks examples packaging
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Without DATA, benchmarks use the folder that the environment variable SKQUICKDRAW_DATA names.
DATA_OPTION = $(if $(DATA),--data "$(abspath $(DATA))")

.DEFAULT_GOAL := test
.PHONY: demo test test-gpu lint docs bench bench-gpu competition defaults fuzz soak mutants coverage matrix test-oldest dist clean

# The file .venv/.installed-EXTRA means that an extra is installed. It is out of date if a file that names dependencies
# has changed; otherwise nothing is installed again. All installs are editable, so they do not overwrite each other.
STAMP := $(VENV)/.installed-

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(STAMP)%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[$*]"
	touch $@

demo: $(STAMP)plot
	$(BIN)/python -m skquickdraw demo $(if $(DATA),"$(DATA)")

test: $(STAMP)test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

test-gpu: $(STAMP)test
	$(BIN)/python -c "import sys, torch; \
		torch.cuda.is_available() or sys.exit('make test-gpu needs a GPU that PyTorch can use by CUDA')"
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

lint: $(STAMP)test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m codespell_lib $(PROSE)
	$(BIN)/python -m proselint check --config .proselintrc.json *.md docs/*.md docs/user_guide/*.md
	$(BIN)/python -m pytest -q tests/test_language.py
	$(BIN)/python -m mypy

# The API reference is built from scratch, because Sphinx would keep pages of names that no longer exist. All pages are
# written (-a), because for unchanged pages the search would lose the words of docs/_extensions/search_words.py.
docs: $(STAMP)docs
	rm -rf docs/api/generated
	$(ONE_THREAD) $(BIN)/python -m sphinx -a -W --keep-going -q -D plot_gallery=$(or $(GALLERY),1) \
		$(if $(EXAMPLE),-D sphinx_gallery_conf.filename_pattern=/$(EXAMPLE)) -b html docs docs/_build/html

bench: $(STAMP)bench
	cd benchmarks && ../$(BIN)/python -m speed.run $(DATA_OPTION)

bench-gpu: $(STAMP)test
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m speed.run gpu $(DATA_OPTION)

competition: $(STAMP)plot
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m competition.run $(RECIPE) $(DATA_OPTION) \
		--seeds $(or $(SEEDS),0) --n-jobs $(or $(N_JOBS),2) $(if $(PASSES),--passes $(PASSES))

defaults: $(STAMP)test
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m studies.run defaults $(DATA_OPTION) \
		$(if $(SEEDS),--seeds $(SEEDS))
	cd benchmarks && ../$(BIN)/python -m studies.render

fuzz: $(STAMP)test
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m robustness.fuzz \
		$(if $(READERS),--readers $(READERS)) $(if $(LAST),--last $(LAST)) --output robustness/results/fuzz.json
	cd benchmarks && ../$(BIN)/python -m robustness.render

soak: $(STAMP)test
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m robustness.soak --minutes $(or $(MINUTES),10)
	cd benchmarks && ../$(BIN)/python -m robustness.render

mutants: $(STAMP)test $(STAMP)mutants
	cd benchmarks && $(ONE_THREAD) ../$(BIN)/python -m robustness.mutants \
		$(if $(SUBJECTS),--subjects $(SUBJECTS)) $(if $(LAST),--last $(LAST))
	cd benchmarks && ../$(BIN)/python -m robustness.render

coverage: $(STAMP)test $(STAMP)coverage
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=json:.cache/coverage.json $(PYTEST_ARGS)
	cd benchmarks && ../$(BIN)/python -m robustness.covered ../.cache/coverage.json
	cd benchmarks && ../$(BIN)/python -m robustness.render

matrix:
	$(PYTHON) packaging/matrix.py $(CELLS)

$(OLDEST)/.installed: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --constraint constraints-oldest.txt \
		--editable . pytest pytest-timeout pytest-xdist pandas scipy
	touch $@

# Old versions use deprecated functions of their dependencies, so these warnings are not errors here.
test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal -W ignore::DeprecationWarning \
		-W ignore::FutureWarning tests/test_estimator_checks.py $(OLDEST_TESTS) $(PYTEST_ARGS)

dist: $(STAMP)dist $(STAMP)test
	packaging/check_dist.sh $(BIN)/python $(if $(FRESH),fresh)

clean:
	rm -rf $(VENV) $(OLDEST) build dist docs/_build docs/api/generated docs/auto_examples demo_output
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
