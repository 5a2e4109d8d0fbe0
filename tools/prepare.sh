# What scripts share: preparing what they run. Sourced by them, in the folder of the repository; `missing` writes into $home.
# shellcheck shell=bash disable=SC2154,SC2034  # `home` is theirs, `smcheck` for them

# Shows what stands at the head of a script, for --help.
help_of() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$1"
}

# Says why something cannot be run, in a file that the program in Python reads.
missing() {
    printf '%s\n' "$2" >"$home/missing-$1.txt"
    return 1
}

# An environment for Python with exactly the packages of a file, made anew where it is not there or does not work:
# venv FOLDER PACKAGES
venv() {
    cmp -s "$2" "$1/installed.txt" && "$1/bin/python" -c '' 2>/dev/null && return
    rm -rf "$1"
    "${PYTHON:-python3}" -m venv "$1" || return
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement "$2" || return
    # Last, so that an installation that was interrupted is begun again.
    cp "$2" "$1/installed.txt"
}

# The same for a script that goes on without it: prepare_python PACKAGES
prepare_python() {
    venv "$home/python" "$1" >"$home/python.log" 2>&1 ||
        missing python "its packages could not be installed, see $home/python.log"
}

# WireMock, which is Java in a package of npm, for the scripts that talk to it, under target/wiremock.
wiremock_version=3.13.2
prepare_wiremock() {
    local folder=$PWD/target/wiremock
    command -v java >/dev/null && command -v npm >/dev/null || missing wiremock "java or npm is missing" || return
    [ "$(cat "$folder/installed.txt" 2>/dev/null)" = "$wiremock_version" ] && return
    mkdir -p "$folder"
    (cd "$folder" && echo '{"private": true}' >package.json &&
        npm install --no-audit --no-fund --ignore-scripts --save-exact "wiremock@$wiremock_version") >"$folder/npm.log" 2>&1 ||
        missing wiremock "npm failed, see $folder/npm.log" || return
    echo "$wiremock_version" >"$folder/installed.txt"
}

# The client in Rust. It is built once for both scripts.
prepare_rust() {
    command -v cargo >/dev/null || missing rust "cargo is missing" || return
    CARGO_TARGET_DIR=$PWD/target/clients/rust nice -n 10 \
        cargo build --locked --quiet --manifest-path tests/clients/rust/Cargo.toml >"$home/rust.log" 2>&1 ||
        missing rust "cargo failed, see $home/rust.log"
}

# Runs preparations side by side, each of which writes its own log: at_once COMMAND…. What could not be prepared is said;
# with CI=true it ends the script.
at_once() {
    local pids=() command pid file name
    rm -f "$home"/missing-*.txt
    for command in "$@"; do
        # shellcheck disable=SC2086  # a command of several words
        $command &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || true; done
    for file in "$home"/missing-*.txt; do
        [ -f "$file" ] || continue
        name=${file##*/missing-}
        echo "${0##*/}: ${name%.txt} cannot be run: $(cat "$file")" >&2
        [ "${CI:-}" != true ] || exit 1
    done
}

# The program that is tried, which is built first unless SMCHECK names it.
smcheck_or_build() {
    smcheck=${SMCHECK:-}
    if [ -z "$smcheck" ]; then
        cargo build --quiet --locked
        smcheck=${CARGO_TARGET_DIR:-target}/debug/smcheck
    fi
}
