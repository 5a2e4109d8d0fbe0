#!/usr/bin/env python3
"""Holds the dependencies to deny.toml: licences, sources and bans, over what `cargo metadata` says.

    tools/licences.py            check; exit 1 when something is wrong
    tools/licences.py --list     print how many crates there are of each licence

It reads the same deny.toml as cargo-deny, of which it does the part that CI needs; why it exists at all is told in
docs/decisions/0002-licences-without-cargo-deny.md. Needs Python 3.11 and cargo.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def is_allowed(expression, allowed):
    """Whether an SPDX expression has an alternative that is allowed as a whole. `/` is the old form of OR."""
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def alternatives():
        result = parts()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            right = parts()  # always read, so that the tokens are used up
            result = result or right
        return result

    def parts():
        result = term()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            right = term()
            result = result and right
        return result

    def term():
        if not tokens:
            raise ValueError("it ends too early")
        token = tokens.pop(0)
        if token == "(":
            result = alternatives()
            if not tokens or tokens.pop(0) != ")":
                raise ValueError("a bracket is not closed")
            return result
        if token in ("AND", "OR", "WITH", ")"):
            raise ValueError(f"{token} is in the wrong place")
        if len(tokens) > 1 and tokens[0] == "WITH":
            tokens.pop(0)
            token = f"{token} WITH {tokens.pop(0)}"
        return token in allowed

    result = alternatives()
    if tokens:
        raise ValueError(f"{tokens[0]} is left over")
    return result


def self_test():
    allowed = {"MIT", "ISC", "Apache-2.0 WITH LLVM-exception"}
    cases = {
        "MIT": True, "GPL-3.0": False, "GPL-3.0 OR MIT": True, "GPL-3.0/MIT": True, "MIT AND GPL-3.0": False,
        "MIT AND (GPL-3.0 OR ISC)": True, "(GPL-3.0 AND MIT) OR (MIT AND ISC)": True, "Apache-2.0": False,
        "Apache-2.0 WITH LLVM-exception": True, "MIT WITH LLVM-exception": False,
        # OR binds less than AND.
        "MIT OR GPL-3.0 AND GPL-2.0": True,
    }
    for expression, expected in cases.items():
        assert is_allowed(expression, allowed) is expected, expression
    for broken in ("", "MIT AND", "(MIT", "MIT ISC", "OR MIT"):
        try:
            is_allowed(broken, allowed)
        except ValueError:
            continue
        raise AssertionError(f"{broken!r} was read")


def problems(metadata, policy):
    allowed = set(policy["licenses"]["allow"])
    banned = {ban["name"]: ban.get("reason", "banned") for ban in policy["bans"]["deny"]}
    registries = {f"registry+{url}" for url in policy["sources"]["allow-registry"]}
    ours = set(metadata["workspace_members"])
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        source = package["source"]
        if package["id"] not in ours and source not in registries:
            yield f"{name}: comes from {source or 'a path'}, and not from an allowed registry"
        if package["name"] in banned:
            yield f"{name}: {banned[package['name']]}"
        if package["id"] in ours:
            for need in package["dependencies"]:
                if need["req"] == "*" and policy["bans"].get("wildcards") == "deny":
                    yield f"{name}: any version of {need['name']} will do, which nobody can test"
        licence = package["license"]
        if not licence:
            yield f"{name}: states no licence"
            continue
        try:
            if not is_allowed(licence, allowed):
                yield f"{name}: its licence is {licence}, and no alternative is on the list"
        except ValueError as error:
            yield f"{name}: its licence {licence!r} cannot be read: {error}"


def main():
    self_test()
    policy = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    run = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"],
        cwd=ROOT, stdout=subprocess.PIPE, check=False,
    )
    if run.returncode:
        sys.exit("cargo metadata failed; its message stands above")
    metadata = json.loads(run.stdout)
    if "--list" in sys.argv:
        for licence, count in collections.Counter(p["license"] for p in metadata["packages"]).most_common():
            print(f"{count:4}  {licence}")
        return
    found = sorted(problems(metadata, policy))
    if found:
        sys.exit("deny.toml forbids:\n  " + "\n  ".join(found))
    print(f"licences, sources and bans hold for {len(metadata['packages'])} packages")


if __name__ == "__main__":
    main()
