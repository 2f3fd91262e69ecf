# Everything here needs only python3 (3.11, 3.12 or 3.13); .venv is made on the first call.
PYTHON ?= python3
MONTHS ?= 12
COMPUTE ?= $(or $(TRAINYARD_COMPUTE),local)
VENV := .venv
BIN := $(VENV)/bin
# uv from the PATH, else the one that is bootstrapped into .venv.
UV := $(or $(shell command -v uv 2>/dev/null),$(BIN)/uv)
export UV_PYTHON_DOWNLOADS := never

# An image's lock is exactly what it installs, with hashes; what development installs too has the same version in both.
LOCK_IMAGE := $(UV) pip compile --quiet --python-platform linux --python-version 3.12 --generate-hashes \
    --constraint requirements.txt --override docker/overrides.txt pyproject.toml

# By file, in the order of tests/conftest.py; with three the loop in a real Airflow takes half as long again.
AT_ONCE := --numprocesses 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo up down logs status test test-fast test-kube ci lint lock
.PHONY: clean preflight images sbom audit stack stack-down stack-demo stack-backup stack-restore stack-logs test-stack
.PHONY: test-chaos test-ui ui backup restore gameday

help: ## Show this list.
	@echo "make TARGET [MONTHS=4..12] [COMPUTE=kubernetes] [AIRFLOW_PORT=8080] [MLFLOW_PORT=5000] [PYTHON=python3.12]"; echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

demo: $(VENV)/.installed ## Start everything and run the loop over 2013 (MONTHS=4 for the short form).
	@TRAINYARD_COMPUTE=$(COMPUTE) $(BIN)/python -m embedded demo --months $(MONTHS)

up: $(VENV)/.installed ## Start PostgreSQL, MLflow and Airflow, and wait until they are healthy.
	@TRAINYARD_COMPUTE=$(COMPUTE) $(BIN)/python -m embedded up

down: ## Stop the servers, leaving nothing running.
	@test ! -x $(BIN)/python || $(BIN)/python -m embedded down

logs: $(VENV)/.installed ## Follow the logs of all servers (Ctrl-C ends the following, not the servers).
	@$(BIN)/python -m embedded logs

status: $(VENV)/.installed ## Show which servers run, and whether they are healthy.
	@$(BIN)/python -m embedded status

stack: $(VENV)/.installed ## Start the team's stack in Docker: secrets, images, servers; wait until all are healthy.
	@$(BIN)/python -m compose up

stack-demo: $(VENV)/.installed ## Run the loop over 2013 in the team's stack (MONTHS=4 for the short form).
	@$(BIN)/python -m compose demo --months $(MONTHS)

stack-down: $(VENV)/.installed ## Stop the team's stack; its data stays.
	@$(BIN)/python -m compose down

stack-backup: $(VENV)/.installed ## Back the team's stack up while it runs, to BACKUPS (default .trainyard-stack-backups).
	@TRAINYARD_BACKUPS=$(BACKUPS) $(BIN)/python -m compose backup

stack-restore: $(VENV)/.installed ## Restore its newest backup into a team's stack that is down and empty.
	@TRAINYARD_BACKUPS=$(BACKUPS) $(BIN)/python -m compose restore

stack-logs: $(VENV)/.installed ## Follow the logs of the team's stack.
	@$(BIN)/python -m compose logs

backup: $(VENV)/.installed ## Back the stack up while it runs, to BACKUPS (a folder or s3://; default .trainyard-backups).
	@TRAINYARD_BACKUPS=$(BACKUPS) $(BIN)/python -m embedded backup

restore: $(VENV)/.installed ## Restore the newest backup into a stack that is down and empty.
	@TRAINYARD_BACKUPS=$(BACKUPS) $(BIN)/python -m embedded restore

gameday: $(VENV)/.installed ## Break one thing in a copy of the newest backup, and see who notices (SEED=7 repeats one).
	@TRAINYARD_BACKUPS=$(BACKUPS) $(BIN)/python -m embedded gameday $(if $(SEED),--seed $(SEED))

test: $(VENV)/.installed ## Run all tests, those with a real Airflow included.
	@$(BIN)/python -m pytest tests -m "not docker and not browser" $(AT_ONCE)

test-fast: $(VENV)/.installed ## Run the tests that start no server.
	@$(BIN)/python -m pytest tests -m "not slow and not docker and not browser" $(AT_ONCE)

test-kube: $(VENV)/.installed ## Run the tests of steps as pods, against a stand-in or the cluster of TRAINYARD_KUBECONFIG.
	@$(BIN)/python -m pytest tests/kube

test-ui: $(VENV)/.installed ## Press the buttons of Airflow's pages in a real browser (needs chromium).
	@$(BIN)/python -m pytest tests/ui

ui: ## Build the pages of plugins/web/static from frontend/ (needs Node 20 and npm).
	@npm --prefix frontend ci --no-audit --no-fund && npm --prefix frontend run build

ci: $(VENV)/.installed ## Run what a pull request is held to, and write its report to ci-report.md (BASE=origin/main).
	@.ci/pull-request $(BASE)

test-stack: $(VENV)/.installed ## Build and start a team's stack of its own, run the loop in it, break it, take it away.
	@$(BIN)/python -m pytest tests/compose

test-chaos: $(VENV)/.installed ## Kill, stop, cut off and fill what a team's stack runs on; what it wrote must be the same (MONTHS=4..12).
	@MONTHS=$(MONTHS) $(BIN)/python -m pytest -s tests/chaos

lint: $(VENV)/.installed ## Check style (ruff), types (mypy) and Dockerfiles (hadolint).
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy pipelines
	@$(BIN)/hadolint docker/*.Dockerfile

audit: $(VENV)/.installed ## Look for known vulnerabilities, faults and secrets (ARGS=--without-advisories where offline).
	@$(BIN)/python .ci/audit.py $(ARGS)

lock: $(VENV)/.installed ## Resolve requirements.txt anew from pyproject.toml, and from it what each image installs.
	@$(UV) pip compile --quiet --universal --python-version 3.11 pyproject.toml \
	    --group airflow --group steps --group embedded --group dev -o requirements.txt
	@$(LOCK_IMAGE) --group airflow-cluster -o docker/airflow.txt
	@$(LOCK_IMAGE) --override docker/overrides-cpu.txt --group steps -o docker/steps.txt
	@$(LOCK_IMAGE) --group steps-gpu -o docker/steps-gpu.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes deploy/scan.in -o deploy/scan.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --group audit -o .ci/audit.txt
	@$(UV) pip compile --quiet --python-platform linux --python-version 3.12 --generate-hashes docker/object-store.in \
	    -o docker/object-store.txt
	@$(UV) pip compile --quiet --no-deps --python-platform linux --python-version 3.12 --generate-hashes \
	    --constraint requirements.txt docker/recovery.in -o docker/recovery.txt

images: ## Build the images of Airflow and of the steps, tagged with the commit (TAG=... names them otherwise).
	@docker/build $(TAG)

sbom: $(VENV)/.installed ## Write what each image installs as CycloneDX, to docker/sbom/.
	@mkdir -p docker/sbom
	@for image in airflow steps steps-gpu; do \
	    $(BIN)/python -W ignore -m cyclonedx_py requirements docker/$$image.txt --pyproject pyproject.toml --output-reproducible \
	        --output-format JSON --output-file docker/sbom/$$image.cdx.json; \
	done

clean: down ## Stop the servers and remove .venv and .trainyard; a TRAINYARD_HOME elsewhere is yours to remove.
	@rm -rf $(VENV) .trainyard .pytest_cache .mypy_cache .ruff_cache

preflight: ## Check this machine: Python, disk, ports.
	@command -v $(PYTHON) >/dev/null || { echo "trainyard: no '$(PYTHON)' found. Install Python 3.12, or name one: PYTHON=python3.12 make demo" >&2; exit 2; }
	@$(PYTHON) embedded/preflight.py --install

# The stamp is as new as the lock that is installed; bytecode is compiled because imports dominate start-up.
$(VENV)/.installed: requirements.txt
	@$(MAKE) --no-print-directory preflight
	@echo "Installing into $(VENV) (2 GB, a minute or two the first time)"
	@test -x $(BIN)/python || if command -v uv >/dev/null; then $(PYTHON) -m venv --without-pip $(VENV); else $(PYTHON) -m venv $(VENV); fi
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --disable-pip-version-check uv==0.13.8
	@$(UV) pip install --python $(BIN)/python -r requirements.txt --compile-bytecode
	@touch $@
