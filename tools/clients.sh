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
. tools/prepare.sh

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi

home=$PWD/target/clients
mkdir -p "$home"

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

at_once prepare_rust "prepare_python tools/clients.txt" prepare_node
if [ "${1:-}" = --prepare ]; then exit; fi

smcheck_or_build
tools/emulators.sh moto
PATH=$PWD/target/emulators/moto/bin:$PATH exec "${PYTHON:-python3}" tools/clients.py --smcheck "$(realpath "$smcheck")" \
    --home "$home" "$@"
