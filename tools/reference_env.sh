#!/bin/sh
# Makes .tools/reference: an environment of its own with the library that the chat page's server snippets were written
# for (tools/reference_env.txt). Run by tools/setup.sh and by the tests that start those servers; quick where it is there.
#
#   tools/reference_env.sh [UV]
set -eu

cd "$(dirname "$0")/.."
uv=${1:-uv}
folder=.tools/reference
cmp -s tools/reference_env.txt "$folder/installed" && exit 0

unset VIRTUAL_ENV
echo "Installing the library of the reference's server snippets into $folder"
"$uv" venv --quiet --clear --no-project --python .venv/bin/python "$folder"
"$uv" pip install --quiet --python "$folder" --no-deps --require-hashes -r tools/reference_env.txt
cp tools/reference_env.txt "$folder/installed"
