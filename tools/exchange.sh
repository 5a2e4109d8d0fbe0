#!/usr/bin/env bash
# Exchanges recordings with the tools that `smcheck import` and `smcheck export` are for, the tools themselves at work:
# vcrpy (both serializers), mitmproxy (HAR), WireMock, and the test utilities of the AWS SDK for Rust.
#
#   tools/exchange.sh                 all of them
#   tools/exchange.sh vcrpy wiremock  some of them: vcrpy har wiremock rust
#
# Each tool records an application against the reference; smcheck imports that and plays it to the application again. And
# smcheck records the application and exports that; the tool plays it. The tools are pinned (tools/exchange.txt,
# tests/clients/rust, WireMock below) and are kept under target/exchange/. A tool that cannot be prepared is skipped with the
# reason; with CI=true that is a failure. SMCHECK is the program (default: target/debug/smcheck, which is built first).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit
fi

wiremock=3.13.2
home=$PWD/target/exchange
mkdir -p "$home"

missing() {
    printf '%s\n' "$2" >"$home/missing-$1.txt"
    return 1
}

prepare_python() {
    local venv=$home/python
    cmp -s tools/exchange.txt "$venv/installed.txt" && "$venv/bin/python" -c '' 2>/dev/null && return
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" >"$home/python.log" 2>&1 ||
        missing python "no environment for Python could be made, see target/exchange/python.log" || return
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --requirement tools/exchange.txt \
        >>"$home/python.log" 2>&1 || missing python "pip failed, see target/exchange/python.log" || return
    cp tools/exchange.txt "$venv/installed.txt"
}

prepare_wiremock() {
    command -v java >/dev/null && command -v npm >/dev/null || missing wiremock "java or npm is missing" || return
    [ "$(cat "$home/wiremock.txt" 2>/dev/null)" = "$wiremock" ] && return
    (cd "$home" && echo '{"private": true}' >package.json &&
        npm install --no-audit --no-fund --ignore-scripts --save-exact "wiremock@$wiremock") >"$home/npm.log" 2>&1 ||
        missing wiremock "npm failed, see target/exchange/npm.log" || return
    echo "$wiremock" >"$home/wiremock.txt"
}

prepare_rust() {
    command -v cargo >/dev/null || missing rust "cargo is missing" || return
    # The same place as tools/clients.sh has, so that it is built once.
    CARGO_TARGET_DIR=$PWD/target/clients/rust nice -n 10 \
        cargo build --locked --quiet --manifest-path tests/clients/rust/Cargo.toml >"$home/rust.log" 2>&1 ||
        missing rust "cargo failed, see target/exchange/rust.log"
}

rm -f "$home"/missing-*.txt
pids=()
for tool in rust python wiremock; do
    "prepare_$tool" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || true; done
for file in "$home"/missing-*.txt; do
    [ -f "$file" ] || continue
    tool=${file##*/missing-}
    echo "exchange.sh: ${tool%.txt} cannot be run: $(cat "$file")" >&2
    [ "${CI:-}" != true ] || exit 1
done

smcheck=${SMCHECK:-}
if [ -z "$smcheck" ]; then
    cargo build --quiet --locked
    smcheck=${CARGO_TARGET_DIR:-target}/debug/smcheck
fi
exec "${PYTHON:-python3}" tools/exchange.py --smcheck "$(realpath "$smcheck")" --home "$home" "$@"
