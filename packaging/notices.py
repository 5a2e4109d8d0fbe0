#!/usr/bin/env python3
"""The licences of everything that is linked into the program: packaging/notices.py FILE.

Reads what cargo has fetched already. A text that several crates share is written once.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

TRIPLE = "x86_64-unknown-linux-gnu"
ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = re.compile(r"(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)

INTRODUCTION = """\
smcheck is licensed under MIT or Apache-2.0, at your choice: see LICENSE-MIT and LICENSE-APACHE.

The program contains the crates below, Rust's standard library (MIT or Apache-2.0, the Rust project's contributors), and,
linked statically, the GNU C Library (glibc; LGPL-2.1-or-later, the Free Software Foundation and others; taken unchanged from
Debian). The source of smcheck is public, and packaging/static.sh in it links the program anew, with another glibc too.
"""


def linked() -> list[dict]:
    """The packages that are linked in, sorted: by normal dependencies from smcheck, none of build scripts and macros."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={TRIPLE}"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    found, waiting = set(), [root]
    while waiting:
        node = nodes[waiting.pop()]
        for dependency in node["deps"]:
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
            if normal and not macro and dependency["pkg"] not in found:
                found.add(dependency["pkg"])
                waiting.append(dependency["pkg"])
    return sorted((packages[id] for id in found), key=lambda package: (package["name"], package["version"]))


def texts(package: dict) -> list[str]:
    """Its licence files, those of sources that it carries included."""
    folder = pathlib.Path(package["manifest_path"]).parent
    files = [path for path in folder.rglob("*") if path.is_file() and NAMES.match(path.name)]
    files = [path for path in files if path.suffix.lower() in ("", ".md", ".txt", ".mit", ".apache") or "-" in path.name]
    wanted = [path for path in sorted(files) if path.suffix not in (".rs", ".py", ".go", ".c", ".h", ".toml", ".json")]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in wanted]


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    shared: dict[str, tuple[str, list[str]]] = {}
    bare, lines = [], []
    packages = linked()
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licence = package["license"] or package["license_file"]
        if not licence:
            print(f"error: {name} names no licence", file=sys.stderr)
            return 1
        lines.append(f"  {name}: {licence}")
        found = texts(package)
        if not found:
            bare.append(f"  {name}: {licence}; {', '.join(package['authors']) or 'its authors'}")
        for text in found:
            key = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
            shared.setdefault(key, (text, []))[1].append(name)
    parts = [INTRODUCTION, f"{len(packages)} crates:\n" + "\n".join(lines) + "\n"]
    if bare:
        parts.append("Packages that carry no text of their licence, which is one of those below:\n" + "\n".join(bare) + "\n")
    for text, names in sorted(shared.values(), key=lambda entry: entry[1]):
        parts.append("-" * 80 + "\n" + ", ".join(dict.fromkeys(names)) + "\n\n" + text + "\n")
    lesser = pathlib.Path("/usr/share/common-licenses/LGPL-2.1")
    if not lesser.is_file():
        print(f"error: {lesser} is missing, the licence of glibc", file=sys.stderr)
        return 1
    parts.append("-" * 80 + "\nthe GNU C Library\n\n" + lesser.read_text(encoding="utf-8").strip() + "\n")
    pathlib.Path(sys.argv[1]).write_text("\n".join(parts), encoding="utf-8")
    return 0


sys.exit(main())
