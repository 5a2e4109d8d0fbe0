#!/usr/bin/env bash
# Requests a second that `smcheck serve` plays back, beside WireMock and moto, for the same secret. A bare hyper server is what
# `cargo bench --bench playback` measures it against.
#
#   tools/playback_bench.sh              five rounds of five seconds each
#   tools/playback_bench.sh ROUNDS SECONDS
#
# It only reports. SMCHECK is the program (default: target/release/smcheck, which is built first). wrk must be installed (the
# Debian package of that name), and Java for WireMock; WireMock comes from npm and moto from pip, both pinned, and are kept
# under target/. What cannot be prepared is left out, and the report says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit
fi
command -v wrk >/dev/null || {
    echo "playback_bench.sh: wrk is missing: install the Debian package wrk" >&2
    exit 1
}

wiremock=3.13.2
home=$PWD/target/playback-bench
mkdir -p "$home"
if ! [ "$(cat "$home/wiremock.txt" 2>/dev/null)" = "$wiremock" ]; then
    (cd "$home" && echo '{"private": true}' >package.json &&
        npm install --no-audit --no-fund --ignore-scripts --save-exact "wiremock@$wiremock" >npm.log 2>&1 &&
        echo "$wiremock" >wiremock.txt) || echo "playback_bench.sh: WireMock cannot be had, see $home/npm.log" >&2
fi
tools/emulators.sh moto
smcheck=${SMCHECK:-}
if [ -z "$smcheck" ]; then
    cargo build --release --locked
    smcheck=${CARGO_TARGET_DIR:-target}/release/smcheck
fi
# moto's environment has boto3, which records and signs here.
exec target/emulators/moto/bin/python tools/playback_bench.py --smcheck "$(realpath "$smcheck")" --home "$home" \
    --rounds "${1:-5}" --seconds "${2:-5}"
