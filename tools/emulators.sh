#!/usr/bin/env bash
# Installs pinned emulators under target/emulators/NAME/, where smcheck looks for them after PATH.
#
#   tools/emulators.sh moto             install one, or several
#   tools/emulators.sh --list           say which there are, and which are installed
#
# Each emulator is a file tools/emulators/NAME.txt: packages for pip with their versions, and comment lines:
# `# command: PROGRAM` names what must be there afterwards; `# python: 3.11` asks for exactly that version of Python;
# `# cargo: CRATE VERSION` names a crate instead of packages, which cargo builds with its own lock file, at low
# priority, in a quarter of an hour. What is installed already, from the same file, is left alone. PYTHON chooses the
# interpreter (default: python3, or the version that the file asks for).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pins=tools/emulators
home=target/emulators

fail() {
    echo "emulators.sh: $*" >&2
    exit 1
}

names() {
    for file in "$pins"/*.txt; do basename "$file" .txt; done
}

# What a comment line of an emulator's file says, such as `said command moto`.
said() {
    sed -n "s/^# $1: //p" "$pins/$2.txt"
}

program() {
    said command "$1"
}

# Installed, from what is pinned now, with an interpreter that is still there.
is_installed() {
    cmp -s "$pins/$1.txt" "$home/$1/installed.txt" &&
        [ -x "$home/$1/bin/$(program "$1")" ] &&
        { [ -n "$(said cargo "$1")" ] || "$home/$1/bin/python" -c '' 2>/dev/null; }
}

# Sets `python` to the interpreter for an emulator.
needs_python() {
    local wanted
    wanted=$(said python "$1")
    python=${PYTHON:-python$wanted}
    [ -n "$wanted" ] || python=${PYTHON:-python3}
    command -v "$python" >/dev/null || fail "$python is missing: install Python ${wanted:-3.11 or newer} with its \
venv module, or name one with PYTHON=…"
    if [ -n "$wanted" ]; then
        [ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "$wanted" ] ||
            fail "$("$python" --version 2>&1) will not do for $1: it needs Python $wanted (PYTHON=… names another)"
    fi
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version 2>&1) is too old: Python 3.11 or newer is needed (PYTHON=… names another)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python's venv module is missing: install it (on Debian the package python3-venv)"
}

with_pip() {
    needs_python "$1"
    "$python" -m venv "$home/$1"
    "$home/$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --requirement "$pins/$1.txt" || fail "pip could not install $1; its message stands above"
}

# Without debug information, which nobody reads here and which takes half of the time.
with_cargo() {
    local crate version
    read -r crate version <<<"$(said cargo "$1")"
    command -v cargo >/dev/null || fail "cargo is missing: $1 is built from the crate $crate"
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=true nice -n 10 \
        cargo install "$crate" --version "=$version" --locked --quiet --root "$home/$1" ||
        fail "cargo could not build $crate $version; its message stands above"
}

install() {
    local name=$1
    if is_installed "$name"; then
        echo "$name: installed already, $home/$name/bin/$(program "$name")"
        return
    fi
    echo "$name: installing from $pins/$name.txt"
    rm -rf "${home:?}/$name"
    mkdir -p "$home"
    if [ -n "$(said cargo "$name")" ]; then with_cargo "$name"; else with_pip "$name"; fi
    [ -x "$home/$name/bin/$(program "$name")" ] || fail "$name was installed without $(program "$name")"
    # Last, so that an installation that was interrupted is begun again.
    cp "$pins/$name.txt" "$home/$name/installed.txt"
    echo "$name: $home/$name/bin/$(program "$name")"
}

case ${1:-} in
'' | -h | --help)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    [ -n "${1:-}" ] || exit 2
    ;;
--list)
    for name in $(names); do
        if is_installed "$name"; then echo "$name (installed)"; else echo "$name"; fi
    done
    ;;
*)
    for name in "$@"; do
        [ -f "$pins/$name.txt" ] || fail "no emulator is named $name; there are: $(names | tr '\n' ' ')"
    done
    for name in "$@"; do install "$name"; done
    ;;
esac
