#!/usr/bin/env bash
# Runs the catalogue against every emulator that is installed, each with its known list, and says how each one went.
#
#   tools/emulators_run.sh                 all of them
#   tools/emulators_run.sh awsim moto      these
#
# Each line at the end is `passed`, `FAILED (exit N)` or `not installed`, with the run's last line; what a run printed is in
# target/emulators/NAME.txt, its JSON report beside it. Fails if one failed; what is not installed does not count.
# tools/emulators.sh NAME installs one. SMCHECK names another smcheck than that of this clone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

home=target/emulators
failed=0
summary=
if [ $# = 0 ]; then
    set -- tools/emulators/*.txt
    set -- "${@##*/}"
    set -- "${@%.txt}"
fi
if [ -z "${SMCHECK:-}" ]; then
    cargo build --quiet --release || exit
    SMCHECK=${CARGO_TARGET_DIR:-target}/release/smcheck
fi

for name in "$@"; do
    if [ ! -f "tools/emulators/$name.txt" ]; then
        echo "emulators_run.sh: no emulator is named $name" >&2
        exit 2
    fi
    program=$(sed -n 's/^# command: //p' "tools/emulators/$name.txt")
    if [ ! -x "$home/$name/bin/$program" ]; then
        summary+="$name: not installed"$'\n'
        continue
    fi
    echo "== $name"
    code=0
    # The one that is pinned, and not what the machine happens to have.
    PATH=$PWD/$home/$name/bin:$PATH "$SMCHECK" run -t "$name" --report "json=$home/$name.json" \
        >"$home/$name.txt" 2>&1 || code=$?
    last=$(tail -n 1 "$home/$name.txt")
    if [ "$code" = 0 ]; then
        summary+="$name: passed: $last"$'\n'
    else
        failed=1
        tail -n 20 "$home/$name.txt"
        summary+="$name: FAILED (exit $code): $last"$'\n'
    fi
done
echo
printf '%s' "$summary"
exit "$failed"
