# The two commands of a newcomer are `make demo` and `make test`; everything lives in .venv.
PYTHON ?= python3
PYTHON312 ?= python3.12
BIN := .venv/bin
READY := .venv/.ready

# Each file is read in the dialect it is written for; those for both databases in both.
DIALECT_SQL := $(wildcard */sql/*.postgresql.sql) $(wildcard */sql/*.sqlite.sql)
SHARED_SQL := $(filter-out $(DIALECT_SQL),$(wildcard */sql/*.sql))
POSTGRESQL_SQL := $(wildcard */sql/*.postgresql.sql) $(wildcard */migrations/postgresql/*.sql)
SQLITE_SQL := $(wildcard */sql/*.sqlite.sql) $(wildcard */migrations/sqlite/*.sql)

# The first browser that is here of those that tests/browser knows of.
BROWSER = $(shell for name in chromium chromium-browser google-chrome; do command -v $$name; done | head -n 1)

.PHONY: demo test test-long test-browser test-independent check serve bench fuzz faults soak clean

demo: $(READY)
	$(BIN)/access-ledger demo

test: $(READY)
	$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

# The same tests with all the examples that they promise; for every change a quarter of them is tried.
test-long: $(READY)
	ACCESS_LEDGER_TEST_LONG=1 $(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

# The pages, and the page that checks packs, in the Chromium that is here, or else Debian's.
test-browser: $(READY)
	@if [ -z "$(BROWSER)" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && apt-get install -qy --no-install-recommends chromium; \
	elif [ -z "$(BROWSER)" ]; then \
		echo "no Chromium on the PATH; install it as your system does (on Debian, as root:" \
			"apt-get install chromium) and try again" >&2; \
		exit 1; \
	fi
	$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder tests/browser

# aics-tlog wants a newer Python than we do, and shares no line with us.
test-independent: $(READY) .venv-independent/.ready
	$(BIN)/pytest -q tests/independent

.venv-independent/.ready:
	@$(PYTHON312) -c "" || { echo "needs Python 3.12: make test-independent PYTHON312=PATH"; exit 1; }
	$(PYTHON312) -m venv .venv-independent
	.venv-independent/bin/pip install --quiet 'aics-tlog>=0.2,<0.3'
	touch $@

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/sqlfluff lint $(SHARED_SQL) $(POSTGRESQL_SQL)
	$(BIN)/sqlfluff lint --dialect sqlite $(SHARED_SQL) $(SQLITE_SQL)
	$(BIN)/pytest -q tests/rules

serve: $(READY)
	$(BIN)/access-ledger serve

bench: $(READY)
	$(BIN)/python -m bench

# Packs changed at random, for FUZZ_SECONDS (ten minutes), or the one of FUZZ_SEED.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.fuzz_packs

# Rough weather, long: what was acknowledged is found. One of them: make faults FAULTS=kill
faults: $(READY)
	$(BIN)/python -m tests.faults $(FAULTS)

# Mixed load at half of the top rate, for SOAK_SECONDS (half an hour), on PostgreSQL or SOAK_STORE=sqlite.
soak: $(READY)
	$(BIN)/python -m tests.faults.soak

clean:
	rm -rf .venv .venv-independent build *.egg-info

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $(READY)
