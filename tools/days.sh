#!/usr/bin/env bash
# Runs the catalogue on the embedded reference, and compares it with the snapshots, at other hours and days than now's: a
# scenario whose outcome depends on when it runs would fail only then.
#
#   tools/days.sh [SMCHECK [MOMENT…]]     a moment is "2028-02-29 23:59:50"
#
# Needs libfaketime (Debian's package `faketime`).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

smcheck=${1:-target/release/smcheck}
shift || true
moments=("$@")
if [[ ${#moments[@]} -eq 0 ]]; then
    moments=("2026-06-15 09:30:00" "2026-11-01 03:00:00" "2026-12-31 23:59:50" "2027-01-31 03:00:00"
        "2027-02-28 21:50:00" "2028-02-29 12:00:00" "2027-08-30 00:00:01" "2027-03-07 22:40:00")
fi
command -v faketime >/dev/null || { echo "days: faketime is not installed" >&2; exit 3; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# smcheck ends by itself when it is interrupted, and the loop would go on.
trap 'exit 130' INT

failed=0
for moment in "${moments[@]}"; do
    echo "-- $moment"
    for command in run "replay -t embedded --against embedded"; do
        # shellcheck disable=SC2086  # a command of several words
        if ! TZ=UTC faketime -f "@$moment" "$smcheck" $command >"$log" 2>&1; then
            echo "smcheck $command at $moment:"
            tail -60 "$log"
            failed=1
        fi
    done
done
exit $failed
