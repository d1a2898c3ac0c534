# Two commands for users: `make demo`, `make test`. One for those who change things: `make check`.
# uv is used when it is there; otherwise pip in a virtual environment. Both end in .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: demo test check check-style format docs bench lock clean

demo: $(STAMP)
	$(BIN)/reshore run studies/osc-one-billion.toml -o out --force

test: $(STAMP)
	$(BIN)/python -m pytest

check: check-style test

check-style: $(STAMP)
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

docs: $(STAMP)
	$(BIN)/python -m reshore.reference docs/reference

bench: $(STAMP)
	for file in benchmarks/*.py; do $(BIN)/python -m benchmarks.$$(basename $$file .py) || exit 1; done

clean:
	rm -rf $(VENV) out demo

lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --group dev pyproject.toml -o requirements.lock

$(STAMP): pyproject.toml requirements.lock
	@if command -v uv >/dev/null 2>&1; then \
	  echo "setting up $(VENV) with uv"; \
	  uv venv --quiet --allow-existing --python ">=3.11" $(VENV) && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	else \
	  $(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	    { echo "needs Python 3.11 or newer: make PYTHON=python3.12 …, or install uv"; exit 1; }; \
	  echo "setting up $(VENV) with pip (a minute or two)"; \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --no-deps -e .; \
	fi
	@touch $(STAMP)
