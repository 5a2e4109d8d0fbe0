#!/usr/bin/env bash
# Runs moto's own tests of Secrets Manager against `smcheck serve --model`.
#
#   tools/moto_tests.sh            run them, and fail when other tests fail than tools/moto_tests.expected names
#   tools/moto_tests.sh ARGS…      the same with arguments for pytest: -k batch, -x, --tb=short
#
# moto and its tests come from its source distribution, with pinned packages, and are kept under target/moto-tests/.
# SMCHECK is the program (default: target/debug/smcheck, which is built first). PYTHON chooses the interpreter.
# docs/moto-tests.md explains the failures that are expected.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/prepare.sh

python=${PYTHON:-python3}
pins=tools/moto_tests.txt
home=$PWD/target/moto-tests
version=$(sed -n 's/^moto==//p' tools/emulators/moto.txt)
# The hash that the package index names for this source distribution; change it together with the version.
sha256=391857257d5dac144334013c2c10e599def5f0562f553e979160140bd7bd9cf6

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi

pip() {
    "$home/venv/bin/python" -m pip "$@" --quiet --disable-pip-version-check --no-input
}

if ! cat "$pins" tools/emulators/moto.txt | cmp -s - "$home/installed.txt" ||
    ! "$home/venv/bin/python" -c '' 2>/dev/null; then
    echo "installing moto $version, its tests and what they need under target/moto-tests/"
    rm -rf "$home"
    mkdir -p "$home"
    "$python" -m venv "$home/venv"
    pip install --requirement "$pins"
    echo "moto==$version --hash=sha256:$sha256" >"$home/source.txt"
    pip download --no-deps --no-binary :all: --require-hashes --requirement "$home/source.txt" --dest "$home"
    # The tests alone: the package itself is the one that was installed.
    tar -xzf "$home/moto-$version.tar.gz" -C "$home" --strip-components=1 "moto-$version/tests"
    # Last, so that an installation that was interrupted is begun again.
    cat "$pins" tools/emulators/moto.txt >"$home/installed.txt"
fi

smcheck_or_build

export SMCHECK EXPECTED PYTHONPATH
SMCHECK=$(realpath "$smcheck")
EXPECTED=$PWD/tools/moto_tests.expected
PYTHONPATH=$PWD/tools
# Credentials that mean nothing, and nothing else that the environment or a profile may say about AWS.
for name in $(compgen -e AWS_); do unset "$name"; done
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export TEST_SERVER_MODE=true MOTO_CALL_RESET_API=false PYTHONDONTWRITEBYTECODE=1
cd "$home"
exec "$home/venv/bin/python" -m pytest --quiet --tb=no --no-summary -p moto_tests -p no:cacheprovider \
    --rootdir "$home" tests/test_secretsmanager "$@"
