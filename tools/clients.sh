#!/usr/bin/env bash
# Runs real, unmodified clients through `smcheck proxy`, and again offline on what was recorded with `smcheck serve`.
#
#   tools/clients.sh                     prepare the clients, and run all parts
#   tools/clients.sh --only boto3,rust   some of the clients: boto3 cli caching node rust
#   tools/clients.sh PART…               some of the parts: record parallel tls
#   tools/clients.sh examples            record anew what the examples under examples/ play
#   tools/clients.sh --prepare           prepare the clients and stop
#
# The clients are pinned (tools/clients.txt, tests/clients/node, tests/clients/rust) and are kept under target/clients/. A
# client that cannot be prepared is skipped with the reason; with CI=true that is a failure. SMCHECK is the program
# (default: target/debug/smcheck, which is built first). PYTHON chooses the interpreter. docs/clients.md tells the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit
fi

home=$PWD/target/clients
mkdir -p "$home"

# Says why a client cannot be run; tools/clients.py reads it.
missing() {
    printf '%s\n' "$2" >"$home/missing-$1.txt"
    return 1
}

prepare_python() {
    local venv=$home/python
    cmp -s tools/clients.txt "$venv/installed.txt" && "$venv/bin/python" -c '' 2>/dev/null && return
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" >"$home/python.log" 2>&1 ||
        missing python "no environment for Python could be made, see target/clients/python.log" || return
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement tools/clients.txt \
        >>"$home/python.log" 2>&1 || missing python "pip failed, see target/clients/python.log" || return
    # Last, so that an installation that was interrupted is begun again.
    cp tools/clients.txt "$venv/installed.txt"
}

prepare_node() {
    local folder=$home/node
    command -v node >/dev/null && command -v npm >/dev/null || missing node "node or npm is missing" || return
    mkdir -p "$folder"
    # Modules are looked up from where the program is.
    cp tests/clients/node/app.mjs "$folder/"
    cmp -s tests/clients/node/package-lock.json "$folder/installed.json" && return
    cp tests/clients/node/package.json tests/clients/node/package-lock.json "$folder/"
    (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts) >"$home/node.log" 2>&1 ||
        missing node "npm failed, see target/clients/node.log" || return
    cp tests/clients/node/package-lock.json "$folder/installed.json"
}

prepare_rust() {
    command -v cargo >/dev/null || missing rust "cargo is missing" || return
    CARGO_TARGET_DIR=$home/rust nice -n 10 \
        cargo build --locked --quiet --manifest-path tests/clients/rust/Cargo.toml >"$home/rust.log" 2>&1 ||
        missing rust "cargo failed, see target/clients/rust.log"
}

rm -f "$home"/missing-*.txt
# Each writes its own log, and tells of its failure by its file.
pids=()
for client in rust python node; do
    "prepare_$client" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || true; done
for file in "$home"/missing-*.txt; do
    [ -f "$file" ] || continue
    client=${file##*/missing-}
    echo "clients.sh: ${client%.txt} cannot be run: $(cat "$file")" >&2
    [ "${CI:-}" != true ] || exit 1
done
if [ "${1:-}" = --prepare ]; then exit; fi

smcheck=${SMCHECK:-}
if [ -z "$smcheck" ]; then
    cargo build --quiet --locked
    smcheck=${CARGO_TARGET_DIR:-target}/debug/smcheck
fi
tools/emulators.sh moto
PATH=$PWD/target/emulators/moto/bin:$PATH exec "${PYTHON:-python3}" tools/clients.py --smcheck "$(realpath "$smcheck")" \
    --home "$home" "$@"
