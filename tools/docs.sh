#!/usr/bin/env bash
# Runs the commands in README.md and docs/ and compares what they print, those too that need moto, ministack or the AWS CLI:
# `cargo test --test docs` leaves these out where they are not installed.
#
#   tools/docs.sh               all pages
#   tools/docs.sh FILTER        pages whose path has this text
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/emulators.sh moto
tools/emulators.sh ministack
tools/clients.sh --prepare
SMCHECK_DOCS_NEED=moto,ministack,aws cargo test --quiet --test docs -- "$@"
