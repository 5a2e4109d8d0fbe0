#!/usr/bin/env bash
# Tries what packaging/build.sh made, as those would who get it: the program in an empty root, the wheel by pip and uvx, the npm
# package by npx, the steps of the GitHub action. Each from a new environment under target/packages-tried/.
#
#   packaging/try.sh             all
#   packaging/try.sh PART…       some: static wheel npm action
#
# Nothing but the tools is fetched: the packages come from target/packages. An empty root needs the user root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/prepare.sh

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi
exec "${PYTHON:-python3}" packaging/trials.py "$@"
