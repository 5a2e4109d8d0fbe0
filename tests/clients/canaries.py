"""Unmistakable texts that are planted where secrets are, and a search for them in every form in which they could get out."""

import base64
import json
import secrets
import urllib.parse
from pathlib import Path

# Letters and digits, so that no encoding of text changes it, and with a tail that every encoding changes.
TAIL = '"/é+'


class Canaries:
    def __init__(self):
        self.texts = {}

    def plant(self, place, tail=""):
        """A new canary for a place, the same each time for the same place."""
        if place not in self.texts:
            self.texts[place] = f"CANARY{place}{secrets.token_hex(8)}"
        return self.texts[place] + tail

    def search(self, folders):
        """What was found where: (place, form, file)."""
        wanted = [(place, form, text) for place, core in self.texts.items() for form, text in forms(core)]
        found = []
        for file in sorted(file for folder in folders for file in Path(folder).rglob("*") if file.is_file()):
            # Hexadecimal digits and percent signs are written in either case.
            held = file.read_bytes()
            lower = held.lower()
            for place, form, text in wanted:
                if (text.lower() in lower) if form.startswith("any case") else (text in held):
                    found.append((place, form, file))
        return found


def forms(core):
    """A canary's core as bytes, in each form that a program might write."""
    plain = core.encode()
    yield "any case", plain
    yield "any case, hexadecimal", plain.hex().encode()
    yield "any case, percent signs", "".join(f"%{byte:02x}" for byte in plain).encode()
    yield "any case, JSON escapes", "".join(f"\\u{byte:04x}" for byte in plain).encode()
    yield "backwards", plain[::-1]
    # Base64 of a text that holds it somewhere: three ways to lie, and the characters at its edges mix with others.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        middle = coded[4 if before else 0 : len(coded) - 4]
        yield f"base64, {before} before", middle
        yield f"base64 for URLs, {before} before", middle.translate(bytes.maketrans(b"+/", b"-_"))


def self_check(folder):
    """The search finds what it is for. Without this a search that finds nothing would say nothing."""
    canaries = Canaries()
    text = canaries.plant("check", TAIL)
    wrapped = f"value {text} of"
    written = {
        "plain": wrapped,
        "json": json.dumps({"inner": wrapped}),
        "url": urllib.parse.quote(wrapped),
        "base64": base64.b64encode(wrapped.encode()).decode(),
        "base64-1": base64.b64encode(b"x" + wrapped.encode()).decode(),
        "base64-2": base64.b64encode(b"xx" + wrapped.encode()).decode(),
        "hex": wrapped.encode().hex().upper(),
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (folder / name).write_text(content, encoding="utf-8")
    found = {file.name for _, _, file in canaries.search([folder])}
    for name in written:
        (folder / name).unlink()
    folder.rmdir()
    missed = set(written) - found
    if missed:
        raise AssertionError(f"the search for canaries does not find these forms: {', '.join(sorted(missed))}")
