"""What an application printed, without all that differs from run to run.

Names, ARNs, versions, values and other texts become classes, numbered as they appear: the second value that was seen is
`value#2` wherever it is. Two runs are the same when the same things are equal in both.
"""

import json


class Classes:
    """Numbers for things, as they appear."""

    def __init__(self):
        self.seen = {}

    def of(self, kind, thing):
        numbers = self.seen.setdefault(kind, {})
        return f"{kind}#{numbers.setdefault(thing, len(numbers) + 1)}"


class Comparable:
    def __init__(self):
        self.classes = Classes()
        self.prefix = None

    def lines(self, text):
        """The steps of a transcript; an error of Python's where it is none."""
        return [self.step(json.loads(line)) for line in text.splitlines() if line.strip()]

    def step(self, line):
        if line["step"] == "name":
            self.prefix = line["out"]["Prefix"]
            return {"step": "name"}
        if "error" in line:
            return {"step": line["step"], "error": line["error"]}
        return {"step": line["step"], "out": self.members(line["out"])}

    def members(self, out):
        return {name: self.member(name, out[name]) for name in sorted(out)}

    def member(self, name, value):
        if name == "ARN":
            return self.classes.of("arn", value)
        if name == "Name":
            return self.name(value)
        if name == "Names":
            return [self.name(one) for one in value]
        if name == "VersionId":
            return self.classes.of("version", value)
        if name == "VersionStages":
            return sorted(value)
        if name == "VersionIdsToStages":
            # A version without labels may come and go with the service's pleasure; ours all had one once.
            return sorted([self.classes.of("version", version), sorted(value[version])] for version in value)
        if name in ("SecretString", "SecretBinary", "RandomPassword"):
            return self.secret(value)
        if name == "SecretValues":
            return [self.members(one) for one in value]
        if name == "Tags":
            return {tag["Key"]: self.classes.of("text", tag["Value"]) for tag in value}
        if name == "Description":
            return self.classes.of("text", value)
        if name == "ResourcePolicy":
            return self.classes.of("policy", json.dumps(json.loads(value), sort_keys=True))
        return value

    def name(self, name):
        """Names keep what comes after the part that is new in every run."""
        return name.replace(self.prefix, "{app}") if name.startswith(self.prefix) else name

    def secret(self, value):
        """A secret that is JSON is as comparable as the values in it, which applications read."""
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            return self.classes.of("value", value)
        inner = {key: self.classes.of("value", str(inner)) for key, inner in sorted(parsed.items())}
        return [self.classes.of("json", value), inner]


def difference(one, other):
    """The first step in which two transcripts differ, as text; nothing where they are the same."""
    for index in range(max(len(one), len(other))):
        first = one[index] if index < len(one) else "nothing more"
        second = other[index] if index < len(other) else "nothing more"
        if first != second:
            return f"step {index + 1}:\n    {json.dumps(first)}\n    {json.dumps(second)}"
    return None
