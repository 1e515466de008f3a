# make demo    shows ssflow with a sample organisation
# make test    checks everything
# make build   only sets up; demo and test do it by themselves
.PHONY: demo test build develop check bench

# The first of these that is Python 3.11 or newer; `make PYTHON=… test` takes another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
SOURCES := pyproject.toml constraints.txt $(wildcard frontend/*.* frontend/.npmrc frontend/src/* frontend/src/*/*)

# Without bytecode each of a run's many processes would compile every module again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

demo: build
	.venv/bin/ssflow demo

test: develop
	scripts/check

check: develop
	scripts/check --quick

bench: develop
	.venv/bin/python -m benchmarks

build: .venv/.built

# What only checks, tests and figures need comes on top, so that nobody else waits for it.
develop: .venv/.developed

INSTALL := .venv/bin/pip install --quiet --no-compile --constraint constraints.txt

.venv/.built: $(SOURCES)
	@test -n "$(PYTHON)" || { echo "ssflow needs Python 3.11 or newer; none was found."; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) --upgrade pip
	$(INSTALL) --build-constraint constraints.txt --editable '.[postgres]'
	touch $@

.venv/.developed: .venv/.built
	$(INSTALL) --build-constraint constraints.txt --editable '.[dev,postgres]'
	touch $@
