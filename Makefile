# Everything one does with a checkout. Each target makes the environment that it needs by itself.
#
#   make demo [DATA=path]        train on drawn sketches, or on a data set of yours, and show the result
#   make test [PYTEST_ARGS=...]  run the tests
#   make test-gpu                run them with CUDA, which device="auto" takes; an error where there is none
#   make lint                    ruff (rules and layout), codespell, proselint, the language test and mypy
#   make docs [GALLERY=0]        build the site into docs/_build/html; a warning is an error. With GALLERY=0
#                                no example is run, and the gallery has no figures; with EXAMPLE=plot_augmentation
#                                only this one is run
#   make bench [DATA=folder]     measure speed; with DATA, a competition's drawings, accuracy too
#   make bench-gpu [DATA=folder] measure on a CUDA GPU, in some minutes; with DATA two recipes too
#   make competition RECIPE=fast [DATA=folder] [SEEDS="0 1 2"] [N_JOBS=2] [PASSES=4]
#                                train a recipe on a competition's drawings, and measure it
#   make defaults [DATA=folder]  measure what the study of the defaults lacks, and write its page
#   make fuzz [READERS=... LAST=999]
#                                damage 10,000 files of each reader, or some; an hour of a core
#   make soak [MINUTES=10]       kill, interrupt and otherwise disturb fits, and count what held; goes on with new seeds
#   make mutants [SUBJECTS="losses"] [LAST=29]
#                                make mistakes in the source, and count those that no test notices; an hour of a core
#   make coverage                run the tests, and count the lines and branches that they reach
#   make matrix [CELLS="..."]    try the oldest and the newest dependencies, with and without each extra; downloads a lot
#   make test-oldest             run checks and meta-estimators on the oldest scikit-learn that is supported
#   make dist [FRESH=1]          build wheel and sdist, check them, try the wheel outside of the checkout; with
#                                FRESH=1 with dependencies of its own, downloaded anew
#   make clean                   remove environments, builds and caches

PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
OLDEST_TESTS := $(addprefix tests/,over_sampling semi_supervised model_selection ensemble distillation \
	feature_extraction few_shot test_fitting.py test_recall.py)
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# Of the tests, each of one thread (conftest.py).
WORKERS ?= 2
# What is spell-checked.
PROSE := *.md *.toml Makefile src docs/*.md docs/user_guide tests benchmarks examples packaging
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# What is not given, benchmarks look for in the folder that SKQUICKDRAW_DATA names.
DATA_OPTION = $(if $(DATA),--data "$(abspath $(DATA))")

.DEFAULT_GOAL := test
.PHONY: demo test test-gpu lint docs bench bench-gpu competition defaults fuzz soak mutants coverage matrix test-oldest dist clean

# Stamps say which extras an environment holds; they age with the files that name the dependencies, so a
# second run installs nothing. Every install is editable: they would overwrite each other otherwise.
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

# The reference is made anew: Sphinx would keep the page of a name that is gone. All pages are written (-a):
# of those that it does not write, the search would forget the words of docs/_extensions/search_words.py.
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

# Old releases use what newer ones of their dependencies deprecate, so their warnings are no errors here.
test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal -W ignore::DeprecationWarning \
		-W ignore::FutureWarning tests/test_estimator_checks.py $(OLDEST_TESTS) $(PYTEST_ARGS)

dist: $(STAMP)dist $(STAMP)test
	packaging/check_dist.sh $(BIN)/python $(if $(FRESH),fresh)

clean:
	rm -rf $(VENV) $(OLDEST) build dist docs/_build docs/api/generated docs/auto_examples demo_output
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
