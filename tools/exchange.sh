#!/usr/bin/env bash
# Exchanges recordings with the tools that `smcheck import` and `smcheck export` are for, the tools themselves at work:
# vcrpy (both serializers), mitmproxy (HAR), WireMock, and the test utilities of the AWS SDK for Rust.
#
#   tools/exchange.sh                 all of them
#   tools/exchange.sh vcrpy wiremock  some of them: vcrpy har wiremock rust
#
# Each tool records an application against the reference; smcheck imports that and plays it to the application again. And
# smcheck records the application and exports that; the tool plays it. The tools are pinned (tools/exchange.txt,
# tests/clients/rust, tools/prepare.sh) and are kept under target/exchange/. A tool that cannot be prepared is skipped with the
# reason; with CI=true that is a failure. SMCHECK is the program (default: target/debug/smcheck, which is built first).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/prepare.sh

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi

home=$PWD/target/exchange
mkdir -p "$home"

at_once prepare_rust "prepare_python tools/exchange.txt" prepare_wiremock
smcheck_or_build
exec "${PYTHON:-python3}" tools/exchange.py --smcheck "$(realpath "$smcheck")" --home "$home" "$@"
