# The two commands of a newcomer are `make demo` and `make test`; everything lives in .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check serve bench clean

demo: $(READY)
	$(BIN)/access-ledger demo

test: $(READY)
	$(BIN)/pytest -q -n 2 --dist loadscope

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

serve: $(READY)
	$(BIN)/access-ledger serve

bench: $(READY)
	$(BIN)/python -m bench

clean:
	rm -rf .venv build *.egg-info

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(READY)
