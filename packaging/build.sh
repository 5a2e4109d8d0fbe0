#!/usr/bin/env bash
# Builds the packages into target/packages/ from one static program.
#
#   packaging/build.sh             all of them
#   packaging/build.sh PART…       some: archive wheel npm
#
# Needs Rust, Python 3.11 and, for npm, Node.js. docs/packaging.md tells the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/prepare.sh

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    help_of "${BASH_SOURCE[0]}"
    exit
fi
parts=(archive wheel npm)
if [ $# = 0 ]; then set -- "${parts[@]}"; fi
for part in "$@"; do
    if [[ " ${parts[*]} " != *" $part "* ]]; then
        echo "build.sh: no part is named $part; there are: ${parts[*]}" >&2
        exit 2
    fi
done

umask 022
out=$PWD/target/packages
mkdir -p "$out"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
packaging/static.sh
program=${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-gnu/release/smcheck
"${PYTHON:-python3}" packaging/notices.py "$out/THIRD-PARTY.txt"

# Beside the program in every package.
papers=(LICENSE-APACHE LICENSE-MIT README.md)

build_archive() {
    local name=smcheck-$version-x86_64-linux
    rm -rf "$out/archive" "$out"/smcheck-*.tar.gz
    mkdir -p "$out/archive/$name"
    cp "$program" "${papers[@]}" CHANGELOG.md "$out/THIRD-PARTY.txt" "$out/archive/$name/"
    tar --create --directory "$out/archive" --sort=name --owner=0 --group=0 --numeric-owner \
        --mtime=1980-01-01T00:00:00Z --format=ustar "$name" | gzip -9n >"$out/$name.tar.gz"
}

build_wheel() {
    rm -rf "$out/wheel" "$out"/smcheck-*.whl
    # Only what is in it: an __pycache__ that a trial left here would go along.
    mkdir -p "$out/wheel/smcheck"
    cp packaging/pypi/pyproject.toml "${papers[@]}" "$out/THIRD-PARTY.txt" "$out/wheel/"
    cp packaging/pypi/smcheck/*.py "$out/wheel/smcheck/"
    # The program is static, so that the C library of the machine does not matter: old glibc and musl alike.
    (cd "$out/wheel" && ../../../packaging/static.sh "$venv/bin/maturin" build --quiet --locked --release \
        --target x86_64-unknown-linux-gnu --compatibility manylinux2014 --out "$out")
}

build_npm() {
    local folder=$out/npm
    rm -rf "$folder" "$out"/smcheck-*.tgz
    mkdir -p "$folder/native"
    cp -R packaging/npm/. "$folder/"
    cp "$program" "$folder/native/smcheck-linux-x64"
    cp "${papers[@]}" "$out/THIRD-PARTY.txt" "$folder/"
    # What Cargo.toml says is said there alone.
    cargo metadata --no-deps --locked --format-version=1 >"$folder/cargo.json"
    node - "$folder" <<'JAVASCRIPT'
const { readFileSync, rmSync, writeFileSync } = require("node:fs");
const folder = process.argv[2];
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const crate = read("cargo.json").packages.find((each) => each.name === "smcheck");
const { name, ...rest } = read("package.json");
const { version, description, keywords, license } = crate;
const whole = { name, version, description, keywords, license: license.includes(" ") ? `(${license})` : license, ...rest };
writeFileSync(`${folder}/package.json`, JSON.stringify(whole, null, 2) + "\n");
rmSync(`${folder}/cargo.json`);
JAVASCRIPT
    (cd "$folder" && npm pack --silent --pack-destination "$out")
}

# The trials use it too.
venv=$PWD/target/packaging-python
venv "$venv" packaging/requirements.txt
for part in "$@"; do "build_$part"; done

(cd "$out" && shopt -s nullglob && sha256sum smcheck-*.tar.gz smcheck-*.whl smcheck-*.tgz >SHA256SUMS)
echo
echo "in target/packages, with a program of $(($(stat -c %s "$program") / 1000)) kB:"
for file in "$out"/smcheck-*; do
    printf '%9d kB  %s\n' $(($(stat -c %s "$file") / 1000)) "${file##*/}"
done
