#!/usr/bin/env python3
"""Makes src/service/secretsmanager.json: the facts of the SDK's machine-readable model, without its prose.

    tools/shapes.py            print the data
    tools/shapes.py --write    write it to src/service/secretsmanager.json
    tools/shapes.py --check    fail when the file differs from what botocore says

It needs the botocore release that is pinned in tools/requirements-shapes.txt.
"""

import gzip
import json
import pathlib
import sys

API_VERSION = "2017-10-17"
HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "service" / "secretsmanager.json"

# Operations that only read. The model has no trait for this.
READS = {
    "BatchGetSecretValue", "DescribeSecret", "GetRandomPassword", "GetResourcePolicy", "GetSecretValue",
    "ListResourcePolicies", "ListSecretVersionIds", "ListSecrets", "ValidateResourcePolicy",
}


def load(name):
    import botocore

    path = pathlib.Path(botocore.__file__).parent / "data" / "secretsmanager" / API_VERSION / name
    packed = path.with_name(path.name + ".gz")
    raw = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    return json.loads(raw), botocore.__version__


def shape(name, model):
    """One shape, as a small map: kind first, then only the facts that it has."""
    kind = model["type"]
    out = {"kind": kind}
    for key in ("min", "max", "pattern"):
        if key in model:
            out[key] = model[key]
    if "enum" in model:
        out["enum"] = model["enum"]
    if model.get("sensitive"):
        out["sensitive"] = True
    if kind == "structure":
        required = set(model.get("required", ()))
        members = []
        for member, ref in model["members"].items():
            entry = {"name": member, "shape": ref["shape"]}
            if member in required:
                entry["required"] = True
            if ref.get("idempotencyToken"):
                entry["token"] = True
            members.append(entry)
        out["members"] = members
    elif kind == "list":
        out["element"] = model["member"]["shape"]
    elif kind == "map":
        out["key"] = model["key"]["shape"]
        out["value"] = model["value"]["shape"]
    return out


def build():
    model, version = load("service-2.json")
    pages, _ = load("paginators-1.json")
    operations, errors = [], {}
    for name, op in sorted(model["operations"].items()):
        entry = {"name": name, "input": op["input"]["shape"], "output": op.get("output", {}).get("shape")}
        entry["errors"] = sorted(e["shape"] for e in op.get("errors", ()))
        if name in READS:
            entry["reads"] = True
        page = pages["pagination"].get(name)
        members = model["shapes"][op["input"]["shape"]]["members"]
        if page or "NextToken" in members:
            results = [
                m for m, ref in model["shapes"][entry["output"]]["members"].items()
                if model["shapes"][ref["shape"]]["type"] == "list" and m != "Errors"
            ]
            entry["pages"] = results[0]
        operations.append(entry)
    for name, s in sorted(model["shapes"].items()):
        if s.get("exception"):
            errors[name] = 500 if s.get("fault") else s.get("error", {}).get("httpStatusCode", 400)
    shapes = {n: shape(n, s) for n, s in sorted(model["shapes"].items()) if not s.get("exception")}
    unknown = READS - {o["name"] for o in operations}
    assert not unknown, f"READS names operations that the model has not: {unknown}"
    return {
        "apiVersion": API_VERSION,
        "targetPrefix": model["metadata"]["targetPrefix"],
        "source": f"botocore {version}",
        "operations": operations,
        "errors": errors,
        "shapes": shapes,
    }


def render(data):
    """JSON with one operation, error or shape a line, so that a diff shows what AWS changed."""
    dump = lambda v: json.dumps(v, ensure_ascii=False)
    lines = ["{"]
    for key in ("apiVersion", "targetPrefix", "source"):
        lines.append(f'"{key}": {dump(data[key])},')
    lines.append('"operations": [')
    lines.append(",\n".join(dump(o) for o in data["operations"]))
    lines.append("],")
    lines.append(f'"errors": {dump(data["errors"])},')
    lines.append('"shapes": {')
    lines.append(",\n".join(f"{dump(n)}: {dump(s)}" for n, s in data["shapes"].items()))
    lines.append("}}")
    return "\n".join(lines) + "\n"


def main():
    text = render(build())
    if "--write" in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif "--check" in sys.argv:
        if TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.name} differs from botocore: run tools/shapes.py --write and read the diff")
        print(f"{TARGET.name} agrees with botocore")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
