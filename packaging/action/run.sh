#!/usr/bin/env bash
# The second step of the action: runs the scenarios, with annotations for GitHub and a JUnit report. Inputs are
# environment variables; the exit code is smcheck's own.
set -euo pipefail
: "${SMCHECK_PROGRAM:?}" "${GITHUB_OUTPUT:?}" "${RUNNER_TEMP:?}"

arguments=(run)

# Adds the lines of a text, each behind the same option; blank ones are left out.
each_line() {
    local option=$1 line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line#"${line%%[![:space:]]*}"}
        line=${line%"${line##*[![:space:]]}"}
        [ -n "$line" ] || continue
        # With `=`, a line that begins with a dash stays a value.
        if [ -n "$option" ]; then arguments+=("$option=$line"); else arguments+=("$line"); fi
        lines+=("$line")
    done <<<"$2"
}

lines=()
each_line --target "${SMCHECK_TARGET:-}"
if [ ${#lines[@]} = 0 ]; then
    echo "::error title=smcheck::the input target is empty: name a URL, a target of smcheck.toml, or embedded"
    exit 2
fi
[ -z "${SMCHECK_SCENARIOS:-}" ] || arguments+=("--scenarios=$SMCHECK_SCENARIOS")
[ -z "${SMCHECK_KNOWN:-}" ] || arguments+=("--known=$SMCHECK_KNOWN")
[ -z "${SMCHECK_PARTITION:-}" ] || arguments+=("--partition=$SMCHECK_PARTITION")

lines=()
each_line --report "${SMCHECK_REPORTS:-}"
junit=
annotated=
for line in ${lines[@]+"${lines[@]}"}; do
    case $line in
        junit=*) junit=${line#junit=} ;;
        github) annotated=yes ;;
    esac
done
[ -n "$annotated" ] || arguments+=(--report=github)
if [ -z "$junit" ]; then
    junit=$RUNNER_TEMP/smcheck-junit.xml
    arguments+=("--report=junit=$junit")
fi

each_line "" "${SMCHECK_ARGUMENTS:-}"

# Filters are words: no file names are made of them.
read -r -d '' -a filters <<<"${SMCHECK_FILTERS:-}" || true
[ ${#filters[@]} = 0 ] || arguments+=(-- "${filters[@]}")

echo "junit=$junit" >>"$GITHUB_OUTPUT"
code=0
"$SMCHECK_PROGRAM" "${arguments[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
