#!/usr/bin/env python3
"""Renews the numbers in docs/findings/NAME.md from a run that was judged without a known list.

    smcheck run -t NAME --known none --report json=report.json
    tools/findings.py NAME report.json

What stands between `<!-- totals -->` and `<!-- /totals -->`, and between `<!-- causes -->` and `<!-- /causes -->`, is
written anew: the totals of the run, and the causes of known/NAME.yaml, those with most scenarios first. A cause is
what has one reason, however many entries it takes. Deviations that no entry names are reported, and make it fail.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path

KINDS = ["aws-recorded", "aws-docs", "aws-model", "reported", "inferred"]
ENTRY = re.compile(
    r"  - scenario: (.*)\n    operation: (.*)\n    kind: (.*)\n    path: (.*)\n    reason: (.*)\n"
    r"    evidence: \{kind: ([a-z-]+), source: (\".*?\"|[^,}]*)[,}]"
)


def plain(text):
    return json.loads(text) if text.startswith('"') else text


def pattern(text):
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", text)), re.S)


def general(path):
    path = re.sub(r"\[\d+\]", "[]", path)
    return re.sub(r"ToStages\.[^.\[]+", "ToStages.*", path)


def entries(path):
    for found in ENTRY.findall(path.read_text(encoding="utf-8")):
        scenario, operation, kind, where, reason, evidence, source = map(plain, found)
        yield {
            "everywhere": scenario == "*",
            "scenario": pattern(scenario),
            "operation": pattern(operation),
            "kind": kind,
            "path": pattern(where),
            "reason": reason,
            "evidence": (KINDS.index(evidence), source),
        }


def covers(entry, scenario, deviation):
    if entry["everywhere"] if scenario is None else entry["scenario"].fullmatch(scenario):
        return (
            entry["kind"] in ("*", deviation["kind"])
            and entry["operation"].fullmatch(deviation["operation"] or "")
            and any(entry["path"].fullmatch(path) for path in (deviation["path"], general(deviation["path"])))
        )
    return False


def main(name, report):
    known = list(entries(Path(f"known/{name}.yaml")))
    run = json.loads(Path(report).read_text(encoding="utf-8"))["runs"][0]
    scenarios, places, unnamed = defaultdict(dict), defaultdict(int), []
    found = [(s["id"], s["requests"], d) for s in run["scenarios"] for d in s["deviations"] + s["known"]]
    for scenario, requests, deviation in found + [(None, 0, d) for d in run["contract"]]:
        reason = next((e["reason"] for e in known if covers(e, scenario, deviation)), None)
        if reason is None:
            unnamed.append(f"{scenario} {deviation['operation']} {deviation['kind']} {deviation['path']}")
        elif scenario is None:
            places[reason] += 1
        else:
            scenarios[reason][scenario] = requests or 0

    evidence = {}
    for entry in known:
        evidence[entry["reason"]] = min(evidence.get(entry["reason"], entry["evidence"]), entry["evidence"], key=lambda e: e[0])
    causes = sorted(set(scenarios) | set(places), key=lambda r: (-len(scenarios[r]), -places[r], r))
    table = ["| | scenarios | cause | evidence | smallest scenario |", "|---|---|---|---|---|"]
    for rank, reason in enumerate(causes, 1):
        shown = scenarios[reason]
        least = min(shown, key=lambda s: (shown[s], s)) if shown else None
        kind, source = evidence[reason]
        count = str(len(shown)) if shown else "every response"
        sentence = reason.replace("|", "\\|").replace("*", "\\*")
        table.append(
            f"| {rank} | {count} | {sentence} | {KINDS[kind]}: {source.replace('|', '')} | {f'`{least}`' if least else ''} |"
        )

    totals = run["totals"]
    lacks = sorted({word for s in run["scenarios"] for word in re.findall(r"`(.*?)`", s["reason"] or "") if s["status"] == "skipped"})
    text = [
        f"| of {sum(totals.values())} scenarios | number |",
        "|---|---|",
        f"| pass | {totals['passed']} |",
        f"| differ in what they do, on evidence stronger than analogy | {totals['deviated']} |",
        f"| differ only from `inferred` expectations | {totals['unsure']} |",
        f"| differ only in messages or on the wire | {totals['near']} |",
        f"| not run{': they need ' if lacks else ''}{', '.join(f'`{word}`' for word in lacks)} | {totals['skipped']} |",
        "",
        "Besides, what every response is held to (`docs/what-is-checked.md`) finds "
        f"{len(run['contract'])} places. All this has {len(causes)} causes.",
    ]
    page = Path(f"docs/findings/{name}.md")
    old = page.read_text(encoding="utf-8")
    for mark, lines in (("totals", text), ("causes", table)):
        new = f"<!-- {mark} -->\n" + "\n".join(lines) + f"\n<!-- /{mark} -->"
        old, times = re.subn(f"<!-- {mark} -->.*?<!-- /{mark} -->", lambda _: new, old, flags=re.S)
        if times != 1:
            sys.exit(f"{page} has no single part {mark}")
    page.write_text(old, encoding="utf-8")
    for line in unnamed:
        print(f"known/{name}.yaml does not name: {line}", file=sys.stderr)
    sys.exit(1 if unnamed else 0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
