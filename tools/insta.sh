#!/usr/bin/env bash
# cargo-insta on snapshots that `smcheck record` wrote: it finds those that wait, accepts, rejects and reviews them, and
# smcheck then lets their fixtures follow.
#
#   tools/insta.sh          SMCHECK names the program, else target/release/smcheck or target/debug/smcheck
#
# cargo-insta is built once, in the version of the lock file's insta, under target/tools; nothing else is left behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n '/^name = "insta"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)
export PATH=$PWD/target/tools/bin:$PATH
if [ "$(cargo insta --version 2>/dev/null | awk '{print $2}')" != "$version" ]; then
    # Without optimisation: it is run a few times, and building it takes a third of the time.
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=true \
        cargo install cargo-insta --version "$version" --locked --debug --quiet --force --root target/tools
fi
smcheck=${SMCHECK:-}
for built in target/release/smcheck target/debug/smcheck; do
    if [ -z "$smcheck" ] && [ -x "$built" ]; then smcheck=$built; fi
done
smcheck=$(realpath "${smcheck:?no smcheck was built}")

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"

fail() {
    echo "tools/insta.sh: $*" >&2
    exit 1
}

# Ends with this code, and says this.
expect() {
    local code=$1 words=$2 got=0 said
    shift 2
    said=$("$@" 2>&1) || got=$?
    [ "$got" = "$code" ] || fail "$* ended with $got and not $code: $said"
    grep -qF -- "$words" <<<"$said" || fail "$* does not say '$words': $said"
}

insta() {
    cargo insta "$@"
}

# cargo-insta works in a package; snapshots are found wherever they lie in it.
printf '[package]\nname = "here"\nedition = "2024"\n[lib]\npath = "lib.rs"\n[workspace]\n' >Cargo.toml
touch lib.rs
mkdir -p scenarios/some
for name in a b c d; do
    cat >"scenarios/some/$name.yaml" <<'YAML'
title: Labels move
evidence: {kind: inferred, source: "a test"}
secrets: [db]
versions: [v1, v2]
steps:
  - do: CreateSecret
    with: {Name: "${db}", ClientRequestToken: "${v1}", SecretString: one}
    returns: {}
  - do: PutSecretValue
    with: {SecretId: "${db}", ClientRequestToken: "${v2}", SecretString: two}
    returns: {}
YAML
done
snapshots=snapshots/embedded/some fixtures=fixtures/embedded/some
"$smcheck" record >record.txt 2>&1 || fail "record: $(cat record.txt)"
sed -i 's/AWSPREVIOUS/AWSOTHER/' $snapshots/*.snap
expect 1 '4 changed' "$smcheck" record

# It finds the four, and nothing else.
found=$(insta pending-snapshots 2>/dev/null | sort)
[ "$(grep -c '^ *snapshots/.*\.snap$' <<<"$found")" = 4 ] || fail "pending-snapshots: $found"

# Accepting and rejecting one: what it writes is still ours, and the fixture is mended.
cp $fixtures/a.yaml.new a.waited
insta accept --snapshot "$here/$snapshots/a.snap" >/dev/null 2>&1 || fail "accept"
insta reject --snapshot "$here/$snapshots/b.snap" >/dev/null 2>&1 || fail "reject"
for gone in a b; do
    [ ! -e $snapshots/$gone.snap.new ] || fail "$gone still waits"
    [ -e $fixtures/$gone.yaml.new ] || fail "cargo insta knows of fixtures now"
done
grep -q AWSPREVIOUS $snapshots/a.snap || fail "a was not accepted"
grep -q AWSOTHER $snapshots/b.snap || fail "b was not rejected"
expect 1 'some/a (embedded): its snapshot was accepted' "$smcheck" review
expect 1 'some/b (embedded): its snapshot was rejected' "$smcheck" review

# Its own review, in a terminal: accept the one, skip the other.
"${PYTHON:-python3}" - <<'PYTHON' || fail "review"
import fcntl, os, pty, select, struct, sys, termios, time

pid, master = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("sh", ["sh", "-c", "exec cargo insta review"])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
seen, keys, deadline = "", [("some/c", b"a"), ("some/d", b"s")], time.monotonic() + 30
while time.monotonic() < deadline:
    if not select.select([master], [], [], 1)[0]:
        continue
    try:
        data = os.read(master, 65536)
    except OSError:
        break
    if not data:
        break
    seen += data.decode("utf-8", "replace")
    if keys and keys[0][0] in seen and "toggle" in seen.split(keys[0][0])[-1]:
        os.write(master, keys.pop(0)[1])
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if keys or "AWSPREVIOUS" not in seen:
    sys.exit(f"review ended with {status}; keys left {keys}:\n{seen}")
PYTHON
grep -q AWSPREVIOUS $snapshots/c.snap || fail "c was not accepted in review"
[ -e $snapshots/d.snap.new ] || fail "d does not wait any more"

# smcheck mends all three, and leaves the fourth alone.
expect 0 'some/a (embedded): its snapshot was accepted elsewhere; the fixture followed' "$smcheck" accept a b c
cmp -s a.waited $fixtures/a.yaml || fail "the fixture of a is another one"
for gone in a b c; do
    [ ! -e $fixtures/$gone.yaml.new ] || fail "the fixture of $gone still waits"
done
[ -e $fixtures/d.yaml.new ] || fail "the fixture of d is gone"
expect 0 '2 scenarios the same, 0 different' "$smcheck" replay some/a some/c

# And with none left over, neither tool has anything to say.
insta accept >/dev/null 2>&1 || fail "accept of the rest"
expect 0 'the fixture followed' "$smcheck" accept
expect 0 'nothing waits' "$smcheck" review
expect 0 '0 different' "$smcheck" replay some/a some/c some/d
echo "cargo-insta $version works on snapshots of smcheck, and fixtures follow"
