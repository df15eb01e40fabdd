# The few commands of everyday life. Each is safe to repeat and does only what has changed since the last time.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes
WORKERS ?= 2

.PHONY: run test check bench bench-peers faults lock verifier environment server-packages dev-packages pango command

run: server-packages pango command  ## Start the product with its demonstration data.
	@exec $(BIN)/python manage.py up --demo --port $(PORT)

test: dev-packages command  ## The everyday suite; REQUIRE_SERVICES=1 makes missing services a failure.
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "not slow"

check: dev-packages  ## Style, types and the architecture.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy scorecard evaluations client manage.py
	$(BIN)/lint-imports

bench: dev-packages  ## What the important steps cost, beside peers and the floor below which they cannot go; BENCH=--write keeps the table.
	@$(BIN)/python -m benchmarks $(BENCH)

bench-peers: environment  ## Install what `make bench` compares Inspect logs with, in an environment of its own.
	@cmp -s benchmarks/peers.txt .venv-peers/peers.lock || { $(BIN)/python -m venv --clear .venv-peers && \
	  .venv-peers/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r benchmarks/peers.txt \
	  && cp benchmarks/peers.txt .venv-peers/peers.lock; }

faults: dev-packages command  ## Tests that need longer than the everyday suite allows; properties are searched with random examples.
	@HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q -m "slow or hypothesis"
	@SCORECARD_ALL_MUTANTS=1 $(BIN)/python -m pytest -q tests/adapters -k "hostile or strange or mutant"

lock:  ## Renew the locks from pyproject.toml; needs `uv`.
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/server.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements/dev.txt

verifier:  ## Renew the client's copy of the offline verifier from the modules it is joined from.
	@$(BIN)/python -c 'import pathlib, scorecard.verifier.build as b; pathlib.Path("client/scorecard_client/offline_verifier.py").write_text(b.source(), encoding="utf-8")'

environment:
	@$(BIN)/python -c "" 2>/dev/null || { \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }; \
	  echo "Creating .venv ..."; $(PYTHON) -m venv --clear .venv \
	    || { echo "python3 cannot create environments here. Fix: sudo apt install python3-venv" >&2; exit 2; }; }

# A copy of the lock inside .venv says what was installed: it follows the content, where file times would not.
server-packages: environment
	@cmp -s requirements/server.txt .venv/server.lock || { echo "Installing packages (once) ..."; \
	  $(PIP) -r requirements/server.txt && cp requirements/server.txt .venv/server.lock; }

dev-packages: environment
	@cmp -s requirements/dev.txt .venv/dev.lock || { echo "Installing packages (once) ..."; \
	  $(PIP) -r requirements/dev.txt && cp requirements/dev.txt .venv/dev.lock; }

# Never fatal: everything but the PDF works without Pango, and `doctor` goes on naming the fix.
pango: server-packages
	@missing='import sys; from scorecard.pdf.availability import remedy; words = remedy(); print(words, end=""); sys.exit(bool(words))'; \
	  $(BIN)/python -c "$$missing" >/dev/null || { \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	      echo "Installing the PDF libraries (once) ..."; \
	      { apt-get install -yqq $(PANGO) || { apt-get update -qq && apt-get install -yqq $(PANGO); }; } >/dev/null 2>&1 || true; \
	    fi; }

# Linked rather than installed with pip, because pip would first fetch a build tool that no lock names.
command: environment
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	  echo "$(CURDIR)/client" > "$$site/scorecard_client.pth"; \
	  printf '#!%s\nimport sys\n\nfrom scorecard_client.main import main\n\nsys.exit(main())\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/scorecard; \
	  chmod 755 $(BIN)/scorecard
