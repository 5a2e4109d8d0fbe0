#!/usr/bin/env bash
# Runs the commands in README.md, docs/ and examples/ and compares what they print, those too that need emulators, the AWS CLI,
# pytest or npm, which are installed: `cargo test --test docs` leaves them out where something is missing.
#
#   tools/docs.sh               all pages
#   tools/docs.sh FILTER        pages whose path has this text
#
# What takes longer to build than to run is left out where it is not there: fakecloud and AWSim (tools/emulators.sh), and the
# packages (packaging/build.sh). SMCHECK_DOCS_NEED=packages makes them necessary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/emulators.sh moto ministack
# Each is a minute's work of one processor.
tools/emulators.sh localstack &
localstack=$!
tools/emulators.sh localemu
wait "$localstack"
tools/clients.sh --prepare
need=moto,ministack,localstack,localemu,aws,pytest,npm${SMCHECK_DOCS_NEED:+,$SMCHECK_DOCS_NEED}
SMCHECK_DOCS_NEED=$need cargo test --quiet --test docs -- "$@"
