#!/usr/bin/env bash
# Runs the commands in README.md and docs/ and compares what they print, those that need moto too: `cargo test --test
# docs` leaves these out where moto is not installed.
#
#   tools/docs.sh               all pages
#   tools/docs.sh FILTER        pages whose path has this text
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/emulators.sh moto
SMCHECK_DOCS_NEED=moto cargo test --quiet --test docs -- "$@"
