#!/usr/bin/env bash
# Installs pinned emulators under target/emulators/NAME/, where smcheck looks for them after PATH.
#
#   tools/emulators.sh moto             install one, or several
#   tools/emulators.sh --list           say which there are, and which are installed
#
# Each emulator is a file tools/emulators/NAME.txt: packages for pip with their versions, and one comment line
# `# command: PROGRAM` that names what must be there afterwards. What is installed already, from the same file, is
# left alone. PYTHON chooses the interpreter (default: python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pins=tools/emulators
home=target/emulators
python=${PYTHON:-python3}

fail() {
    echo "emulators.sh: $*" >&2
    exit 1
}

names() {
    for file in "$pins"/*.txt; do basename "$file" .txt; done
}

program() {
    sed -n 's/^# command: //p' "$pins/$1.txt"
}

# Installed, from the packages that are pinned now, with an interpreter that is still there.
is_installed() {
    cmp -s "$pins/$1.txt" "$home/$1/installed.txt" &&
        [ -x "$home/$1/bin/$(program "$1")" ] &&
        "$home/$1/bin/python" -c '' 2>/dev/null
}

needs_python() {
    command -v "$python" >/dev/null ||
        fail "Python is missing: install Python 3.11 or newer with its venv module, or name one with PYTHON=…"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$("$python" --version 2>&1) is too old: Python 3.11 or newer is needed (PYTHON=… names another)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python's venv module is missing: install it (on Debian the package python3-venv)"
}

install() {
    local name=$1
    if is_installed "$name"; then
        echo "$name: installed already, $home/$name/bin/$(program "$name")"
        return
    fi
    needs_python
    echo "$name: installing from $pins/$name.txt"
    rm -rf "${home:?}/$name"
    mkdir -p "$home"
    "$python" -m venv "$home/$name"
    "$home/$name/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --requirement "$pins/$name.txt" || fail "pip could not install $name; its message stands above"
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
