#!/usr/bin/env bash
# Runs the commands in README.md, docs/ and examples/ and compares what they print, those too that need emulators, the AWS CLI,
# pytest or npm, which are installed: `cargo test --test docs` leaves them out where something is missing.
#
#   tools/docs.sh               all pages
#   tools/docs.sh FILTER        pages whose path has this text
#
# Left out where they are not there: fakecloud and AWSim, which take up to an hour to build, LocalEmu, which stops answering in
# some runs (tools/emulators.sh installs all three), and the packages (packaging/build.sh). SMCHECK_DOCS_NEED=packages makes
# these necessary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/emulators.sh moto ministack localstack
tools/clients.sh --prepare
need=moto,ministack,localstack,aws,pytest,npm${SMCHECK_DOCS_NEED:+,$SMCHECK_DOCS_NEED}
SMCHECK_DOCS_NEED=$need cargo test --quiet --test docs -- "$@"
