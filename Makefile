# On Record. `make help` lists what there is to do; each target sets up what it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Byte-compile at set-up: the first `onrecord status` should not pay for it.
export PYTHONDONTWRITEBYTECODE :=
ROOT ?= .

.PHONY: help setup pipeline review status serve publish voices test test-openai-whisper test-voices test-store test-faults check fuzz release bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed ## Make .venv with everything the program needs

$(VENV)/.installed: requirements.lock pyproject.toml .setup/install
	@.setup/install "$(PYTHON)" $(VENV) requirements.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed tests/requirements.lock
	@.setup/install "$(PYTHON)" $(VENV) tests/requirements.lock
	@touch $@

# Only from the command line: on some machines a variable of this name is about something else.
CLUSTER_HERE := $(if $(filter command,$(firstword $(origin CLUSTER))),$(CLUSTER))

$(VENV)/.installed-cluster: $(VENV)/.installed .setup/cluster.lock
	@.setup/install "$(PYTHON)" $(VENV) .setup/cluster.lock
	@touch $@

pipeline: setup $(if $(CLUSTER_HERE),$(VENV)/.installed-cluster) ## Master, transcribe and draft what is new; publish what is approved (CLUSTER=local:4 or tls://HOST:8786: on other machines)
	@$(BIN)/onrecord run --root "$(ROOT)" $(if $(CLUSTER_HERE),--cluster "$(CLUSTER_HERE)") \
	  $(if $(STORE),--store "$(STORE)"); code=$$?; [ $$code -eq 3 ] || exit $$code

status: setup ## Show how every episode stands
	@$(BIN)/onrecord status --root "$(ROOT)"; code=$$?; [ $$code -eq 3 ] || exit $$code

review: setup ## Open the editor's desk
	@$(BIN)/onrecord review --root "$(ROOT)"

serve: setup ## Serve site/ on this machine
	@$(BIN)/onrecord serve --root "$(ROOT)"

publish: setup ## Show what would travel to where listeners are, ask, publish (TARGET=name where there are several)
	@$(BIN)/onrecord publish --root "$(ROOT)" $(if $(TARGET),--target "$(TARGET)")

test: $(VENV)/.installed-dev ## Run every test (the first time fetches recordings of real speech)
	@.setup/browser $(VENV)
	@.setup/clients
	@.setup/servers $(VENV)
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

test-openai-whisper: $(VENV)/.installed-dev ## Install the extra openai-whisper (CPU PyTorch) and run its tests
	@.setup/openai-whisper $(VENV)
	@$(VENV)-openai-whisper/bin/python -m pytest -q -m openai_whisper

test-store: $(VENV)/.installed-dev ## Install Ceph and rclone, and publish to them
	@.setup/servers $(VENV)
	@.setup/stores $(VENV)
	@$(BIN)/python -m pytest -q -m store

test-faults: $(VENV)/.installed-dev ## Kill, fill and break the disk at every system call of every deed (17 minutes on two cores)
	@.setup/servers $(VENV)
	@$(BIN)/python -m tests.faults

voices: setup ## Install the extra voices: tells the speakers of one recording apart (1.6 GB)
	@.setup/voices $(VENV)

test-voices: $(VENV)/.installed-dev ## Install the extra voices beside .venv and run its tests
	@.setup/voices $(VENV)-voices $(VENV)
	@$(VENV)-voices/bin/python -m pytest -q -m voices

check: $(VENV)/.installed-dev ## Lint, types, import rules, known holes in what is installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .setup/audit requirements.lock tests/requirements.lock .setup/cluster.lock

fuzz: $(VENV)/.installed-dev ## Break the files that strangers hand in, for as long as you let it (Ctrl-C ends it)
	@HYPOTHESIS_PROFILE=hunting $(BIN)/python -m pytest -q -n 2 tests/strangers/test_bytes.py

release: $(VENV)/.installed-dev ## Make dist/: wheel, source, list of parts (CycloneDX), checksums
	@rm -rf dist
	@$(BIN)/python -m hatchling build
	@$(BIN)/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
	  -o dist/onrecord.cdx.json requirements.lock
	@cd dist && sha256sum * > SHA256SUMS && cat SHA256SUMS

bench: $(VENV)/.installed-dev ## Measure everything that docs/benchmarks.md tells of into build/bench (an hour or two; EPISODES=10000, QUICK=1)
	@.setup/browser $(VENV)
	@.setup/openai-whisper $(VENV) || echo "openai-whisper could not be installed, and is left out."
	@$(BIN)/python -m tests.benchmarks $(if $(EPISODES),--episodes $(EPISODES)) $(if $(QUICK),--quick)

lock: ## Write the lock files anew (needs uv)
	@UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml --extra build \
	  --generate-hashes --universal --python-version 3.11 --no-emit-index-url -q -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml --extra build --extra dev -c requirements.lock \
	  --generate-hashes --universal --python-version 3.11 --no-emit-index-url -q -o tests/requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile pyproject.toml --extra build --extra cluster -c requirements.lock \
	  --generate-hashes --universal --python-version 3.11 --no-emit-index-url -q -o .setup/cluster.lock

clean: ## Delete what is derived: build/, site/, caches (never episodes/, never .venv)
	@rm -rf build site dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
