#!/usr/bin/env bash
# The first step of the action: puts smcheck where the second finds it. Inputs are environment variables, so that nothing
# that a workflow is given becomes a part of a command.
set -euo pipefail
: "${GITHUB_ACTION_PATH:?}" "${GITHUB_OUTPUT:?}" "${RUNNER_TEMP:?}"

fail() {
    echo "::error title=smcheck::$1"
    exit 2
}

version=${SMCHECK_VERSION:-}
if [ -z "$version" ]; then
    # The version of the action is that of the sources which it lies in.
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$GITHUB_ACTION_PATH/../../Cargo.toml" | head -n 1)
fi
[[ $version =~ ^(latest|[0-9]+\.[0-9]+\.[0-9]+([-+.0-9A-Za-z]*))$ ]] || fail "no version: $version"
home=$RUNNER_TEMP/smcheck
mkdir -p "$home"

from_python() {
    python3 -m venv "$home/python"
    "$home/python/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps "$1"
    program=$home/python/bin/smcheck
}

from_node() {
    npm install --no-audit --no-fund --no-save --loglevel=error --prefix "$home/node" "$1"
    program=$home/node/node_modules/.bin/smcheck
}

from=${SMCHECK_FROM:-pypi}
case $from in
    pypi)
        if [ "$version" = latest ]; then from_python smcheck; else from_python "smcheck==$version"; fi
        ;;
    npm) from_node "smcheck@$version" ;;
    *.whl | *.tgz)
        [ -f "$from" ] || fail "there is no file $from"
        file=$(realpath "$from")
        if [[ $file = *.whl ]]; then from_python "$file"; else from_node "$file"; fi
        ;;
    *)
        if [ ! -f "$from" ] || [ ! -x "$from" ]; then
            fail "from is pypi, npm, or the path of a program, a .whl or a .tgz file; $from is none of them"
        fi
        program=$(realpath "$from")
        ;;
esac

"$program" --version
echo "program=$program" >>"$GITHUB_OUTPUT"
