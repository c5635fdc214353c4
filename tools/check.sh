#!/bin/sh
# Everything that continuous integration checks, one step after the other; the first that fails stops the rest.
set -eu

cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH
unset VIRTUAL_ENV

step() {
    echo "== $1"
    shift
    "$@"
}

step "lint" ruff check
step "format" ruff format --check
step "types" pyright
step "layers" lint-imports
# Half of the tests wait for processes, so more of them than there are processors keep those busy.
PYTEST_XDIST_AUTO_NUM_WORKERS=${PYTEST_XDIST_AUTO_NUM_WORKERS:-$(($(getconf _NPROCESSORS_ONLN) * 2))}
export PYTEST_XDIST_AUTO_NUM_WORKERS
# tests/model needs a language model that runs on this machine: `make test-model`. tests/soak takes long: `make soak`.
step "tests" pytest --ignore=tests/model --ignore=tests/soak -n auto --dist worksteal --cov --cov-report=term
