# Learning to Carry: `make lab` to learn, `make test` to check, `make help` for the rest.
# Written for every make since GNU make 3.81, which macOS ships.

# Always `python -m …`: the scripts beside it don't start from very deep folders.
PY = .venv/bin/python
BUDGET ?= class
JOBS ?= 2

# The kernel in JupyterLab is the one in .venv, whatever else is installed.
export JUPYTER_PREFER_ENV_PATH = 1

help: ## list these commands
	@awk 'BEGIN { FS = ": .*## " } /^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "make %-15s %s\n", $$1, $$2 }' Makefile

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

lab: work ## set up if needed, then open JupyterLab on lesson 00
	@sh tools/lab.sh

# All stages run, so that one call shows all failures. Nothing is written outside build/.
test: setup ## set up if needed, then check everything: style, package, every lesson
	@sh tools/bubblewrap.sh
	@export PYTHONDONTWRITEBYTECODE=1; status=0; \
	$(PY) -m ruff check . || status=1; \
	$(PY) -m ruff format --check . || status=1; \
	$(PY) -m mypy || status=1; \
	$(PY) -m tools.lessons copy || status=1; \
	$(PY) -m pytest -n $(JOBS) --nbval --nbval-current-env tests build/nbval || status=1; \
	exit $$status

test-full: setup ## train as the lessons do and check what they claim (LESSON=05: one; 30 minutes)
	@$(PY) -m pytest -v -m slow tests $(if $(LESSON),-k "$(LESSON)_")

test-processors: setup ## replay the lessons as other processors compute them (30 minutes)
	@$(PY) -m tools.processors

run: setup ## run every lesson into build/ (BUDGET=smoke: quick; LESSON=05: one)
	@$(PY) -m tools.lessons run --budget "$(BUDGET)" $(if $(LESSON),--lesson "$(LESSON)")

notebooks: setup ## run changed lessons and solutions in place (LESSON=05: one; FORCE=1: all)
	@$(PY) -m tools.exercises make
	@$(PY) -m tools.lessons notebooks $(if $(LESSON),--lesson "$(LESSON)") $(if $(FORCE),--force)
	@$(PY) -m tools.exercises make

exercises: setup ## write exercises/ from solutions/
	@$(PY) -m tools.exercises make

work: setup ## copy the exercises into work/, never over yours
	@$(PY) -m tools.exercises work

checkpoints: setup ## train the shipped networks whose recipe has changed (hours)
	@$(PY) -m tools.checkpoints --jobs $(JOBS)

sweep: setup ## run a part of a lesson many times and renew its table (LESSON=12)
	@$(PY) -m tools.sweeps $(LESSON) --jobs $(JOBS)

bench: setup ## measure what the course claims about speed, into build/bench.json
	@$(PY) -m tools.bench

format: setup ## bring code and notebooks into the course's style
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .

clean: ## remove what these commands made, but not .venv
	rm -rf build
	find . -name .venv -prune -o -name __pycache__ -exec rm -rf {} +

.PHONY: help setup lab test test-full test-processors run notebooks exercises work checkpoints sweep bench format clean
