#!/bin/sh
# Everything that continuous integration checks, one step after the other; the first that fails stops the rest. Types are
# checked beside the tests, which load on one processor before they can use all, and are told of after them.
set -eu

cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH
unset VIRTUAL_ENV
# Python that keeps what it has compiled: each of the tests' hundreds of processes would compile everything again.
unset PYTHONDONTWRITEBYTECODE

step() {
    echo "== $1"
    shift
    "$@"
}

step "lint" ruff check
step "format" ruff format --check
step "layers" lint-imports

told=$(mktemp)
# With more room for short-lived objects it takes a tenth less of the processors.
NODE_OPTIONS=--max-semi-space-size=128 pyright >"$told" 2>&1 &
types=$!
trap 'kill "$types" 2>/dev/null || true; rm -f "$told"' EXIT

# Half of the tests wait for processes, and two workers for each processor leave it idle whenever both do: three times
# as long as five for two. A worker costs about three seconds of CPU to begin with (tests/measuring/worker_server.py).
PYTEST_XDIST_AUTO_NUM_WORKERS=${PYTEST_XDIST_AUTO_NUM_WORKERS:-$(($(getconf _NPROCESSORS_ONLN) * 5 / 2))}
export PYTEST_XDIST_AUTO_NUM_WORKERS
# What was carried out is told by the tests' workers, and by some of the processes that they start.
COVERAGE_FOLDER=$PWD/.coverage
export COVERAGE_FOLDER
rm -rf "$COVERAGE_FOLDER"
mkdir "$COVERAGE_FOLDER"
# tests/model needs a language model that runs on this machine: `make test-model`. tests/soak takes long: `make soak`.
step "tests" pytest --ignore=tests/model --ignore=tests/soak -n auto --dist worksteal
step "coverage" python -m slipcover --fail-under 95 --out .coverage/all.json --merge .coverage/*.json

echo "== types"
checked=0
wait "$types" || checked=$?
cat "$told"
exit "$checked"
