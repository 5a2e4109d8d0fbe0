#!/usr/bin/env python3
"""Mutation testing of src/model with the scenario catalogue as the judge, in shards, and the record of what came of it.

    tools/mutants.py run [--shards N] [--jobs J]   run what is not done yet; may be interrupted and called again
    tools/mutants.py again [--jobs J]              ask the catalogue as it is now about the survivors of docs/mutation.json
    tools/mutants.py in-diff BASE [--most N]       only the mutants of what changed since BASE, for CI
    tools/mutants.py record                        write docs/mutation.json from the shards that are done
    tools/mutants.py page [--check]                write docs/mutation.md from docs/mutation.json

It needs cargo-mutants (`cargo install cargo-mutants --locked`). docs/mutation.json is the outcome of every mutant that was
run, with the commit that it belongs to; docs/mutation-survivors.json says why a survivor stays. Each job has a work tree of
its own under target/mutants, built once, in which it changes one place after the other.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "mutants"
RECORD = ROOT / "docs" / "mutation.json"
REASONS = ROOT / "docs" / "mutation-survivors.json"
PAGE = ROOT / "docs" / "mutation.md"
OUTCOMES = {"CaughtMutant": "caught", "MissedMutant": "missed", "Timeout": "timeout", "Unviable": "unviable"}


def git(*args):
    return subprocess.run(["git", *args], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def model_commit():
    """The last commit that changed what the result depends on."""
    return git("log", "-1", "--format=%H", "--", "src/model", "scenarios", ".cargo/mutants.toml", "Cargo.toml")


def mutants(tree, folder, *args):
    """Runs cargo-mutants in a work tree; 0 all caught, 2 some missed and 3 some timed out are results, everything else an
    error. The judge ends at the first scenario that fails; a mutant that loops is given a minute."""
    command = ["cargo", "mutants", "--in-place", "--baseline", "skip", "--timeout", "60", "--no-shuffle", "--colors", "never",
               "--output", str(folder), *args]
    environment = {**os.environ, "SMCHECK_FAIL_FAST": "1"}
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        code = subprocess.run(command, cwd=tree, env=environment, stdout=log, stderr=log).returncode
    if code not in (0, 2, 3):
        sys.exit(f"mutants.py: {' '.join(command)} ended with {code}; {folder / 'log.txt'} tells more")


def work_tree(number, commit):
    """A work tree at the commit in which the catalogue passes."""
    tree = WORK / f"tree-{number}"
    if not tree.exists():
        git("worktree", "prune")
        git("worktree", "add", "--detach", str(tree), commit)
    subprocess.run(["git", "checkout", "--quiet", "--force", "--detach", commit], cwd=tree, check=True)
    judge = ["cargo", "test", "--quiet", "--profile", "mutants", "--test", "scenarios", "--", "--quiet"]
    if subprocess.run(judge, cwd=tree, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"mutants.py: the catalogue does not pass on the unchanged model; see `{' '.join(judge)}` in {tree}")
    return tree


def results(folder):
    """Mutant by name, with its outcome."""
    file = folder / "mutants.out" / "outcomes.json"
    if not file.exists():
        return {}
    found = {}
    for outcome in json.loads(file.read_text(encoding="utf-8"))["outcomes"]:
        scenario = outcome["scenario"]
        if isinstance(scenario, dict) and outcome["summary"] in OUTCOMES:
            found[scenario["Mutant"]["name"]] = OUTCOMES[outcome["summary"]]
    return found


def fresh(folder):
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    folder.mkdir(parents=True)
    return folder


def run(options):
    commit = model_commit()
    WORK.mkdir(parents=True, exist_ok=True)
    stamp = WORK / "commit.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8").split() != [commit, str(options.shards)]:
        for old in WORK.glob("shard-*"):
            subprocess.run(["rm", "-rf", str(old)], check=True)
        stamp.write_text(f"{commit}\n{options.shards}\n", encoding="utf-8")

    def work(number):
        tree = work_tree(number, commit)
        for shard in range(number, options.shards, options.jobs):
            folder = WORK / f"shard-{shard}"
            if (folder / "done").exists():
                continue
            # Round robin, so that the shards that are done are a sample of all files.
            mutants(tree, fresh(folder), "--shard", f"{shard}/{options.shards}", "--sharding", "round-robin")
            (folder / "done").write_text("", encoding="utf-8")
            print(f"shard {shard + 1} of {options.shards}: {tally(results(folder))}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, range(options.jobs)))


def again(options):
    data = json.loads(RECORD.read_text(encoding="utf-8"))
    missed = [name for name, outcome in data["mutants"].items() if outcome == "missed"]
    files = sorted({name.split(":")[0] for name in data["mutants"]})
    if git("diff", data["commit"], "--", *files):
        sys.exit("mutants.py: src/model has changed since docs/mutation.json; `tools/mutants.py run` begins anew")
    names = "|".join(re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", name) for name in missed)
    head = git("rev-parse", "HEAD")

    def work(number):
        folder = fresh(WORK / f"again-{number}")
        shard = ["--shard", f"{number}/{options.jobs}", "--sharding", "round-robin"]
        mutants(work_tree(number, head), folder, "--re", f"^({names})$", *shard)
        return results(folder)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        found = {name: outcome for part in pool.map(work, range(options.jobs)) for name, outcome in part.items()}
    data["mutants"].update(found)
    data.update(commit=head, date=git("log", "-1", "--format=%cs", head))
    write_record(data)
    print(f"of {len(missed)} survivors: {tally(found)}")


def in_diff(options):
    diff = git("diff", options.base, "--", "src/model")
    if not diff:
        print(f"mutants.py: src/model has not changed since {options.base[:12]}")
        return
    WORK.mkdir(parents=True, exist_ok=True)
    patch = WORK / "change.diff"
    patch.write_text(diff + "\n", encoding="utf-8")
    listed = subprocess.run(
        ["cargo", "mutants", "--list", "--in-diff", str(patch)], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    folder = fresh(WORK / "in-diff")
    extra = []
    if len(listed) > options.most:
        # A sample that is the same for the same commit, and another for the next.
        shards = -(-len(listed) // options.most)
        shard = int(git("rev-parse", "HEAD")[:8], 16) % shards
        extra = ["--shard", f"{shard}/{shards}"]
        print(f"mutants.py: the change has {len(listed)} mutants; shard {shard} of {shards} is run")
    if not listed:
        print("mutants.py: the change has no mutants")
        return
    mutants(work_tree(0, git("rev-parse", "HEAD")), folder, "--in-diff", str(patch), *extra)
    found = results(folder)
    print(f"mutants of the change: {tally(found)}")
    reasons = survivors()
    new = [name for name, outcome in found.items() if outcome == "missed" and plain(name) not in reasons]
    for name in new:
        print(f"no scenario notices: {name}")
    if new:
        sys.exit(1)


def tally(found):
    counts = {word: 0 for word in OUTCOMES.values()}
    for outcome in found.values():
        counts[outcome] += 1
    judged = counts["caught"] + counts["missed"]
    score = 100 * counts["caught"] / judged if judged else 100.0
    parts = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"{parts}; {score:.1f} % of those that were judged were caught"


def plain(name):
    """A mutant's name without the line, which moves with every edit."""
    return re.sub(r"^(\S+?):\d+:\d+: ", r"\1: ", name)


def survivors():
    return json.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}


def write_record(data):
    data["mutants"] = dict(sorted(data["mutants"].items()))
    RECORD.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def record(_options):
    commit, shards = (WORK / "commit.txt").read_text(encoding="utf-8").split()
    found, done = {}, 0
    for shard in range(int(shards)):
        folder = WORK / f"shard-{shard}"
        if (folder / "done").exists():
            found.update(results(folder))
            done += 1
    version = subprocess.run(["cargo", "mutants", "--version"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    write_record({"full_run": commit, "commit": commit, "date": git("log", "-1", "--format=%cs", commit), "tool": version,
                  "shards": f"{done} of {shards}", "mutants": found})
    print(f"{RECORD.relative_to(ROOT)}: {done} of {shards} shards; {tally(found)}")


def page(options):
    data = json.loads(RECORD.read_text(encoding="utf-8"))
    found, reasons = data["mutants"], survivors()
    missed = sorted(name for name, outcome in found.items() if outcome == "missed")
    timeouts = sorted(name for name, outcome in found.items() if outcome == "timeout")
    again_said = []
    if data["full_run"] != data["commit"]:
        again_said = [f"The full run was made at `{data['full_run'][:12]}`, whose model is the same; its survivors were asked about again",
                      "when scenarios had been written for them, and those alone."]
    by_file = {}
    for name, outcome in found.items():
        by_file.setdefault(name.split(":")[0], []).append(outcome)
    lines = [
        "# Mutation testing of the reference model", "",
        "cargo-mutants changes `src/model` in one place at a time, and the scenario catalogue, run on the changed reference,",
        "is the only judge: no unit test takes part. A mutant that no scenario notices is a behaviour that nothing describes.",
        "`just mutants` repeats it (hours); CI runs the mutants of what changed since the commit below.", "",
        f"Commit `{data['commit'][:12]}` of {data['date']}, {data['tool']}, shards {data['shards']}: {tally(found)}.",
        *again_said,
        "A mutant that loops for ever times out; timeouts are counted apart, neither caught nor missed. Unviable mutants do not",
        "compile.", "",
        "| file | mutants | caught | missed | timeout | unviable |", "|---|--:|--:|--:|--:|--:|",
    ]
    for file, outcomes in sorted(by_file.items()):
        counts = " | ".join(str(outcomes.count(word)) for word in ("caught", "missed", "timeout", "unviable"))
        lines.append(f"| `{file}` | {len(outcomes)} | {counts} |")
    lines += ["", "## Survivors", "", "Each with the reason why it stays.", ""]
    unexplained = []
    for name in missed:
        reason = reasons.get(plain(name))
        if not reason:
            unexplained.append(name)
        lines.append(f"- `{name}`: {reason or 'not explained yet'}")
    if not missed:
        lines.append("None.")
    if timeouts:
        lines += ["", "## Timeouts", ""] + [f"- `{name}`" for name in timeouts]
    text = "\n".join(lines) + "\n"
    if options.check:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("mutants.py: docs/mutation.md is not what docs/mutation.json says; `tools/mutants.py page` writes it")
        return
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(missed)} survivors, {len(unexplained)} without a reason")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run")
    command.add_argument("--shards", type=int, default=20)
    command.add_argument("--jobs", type=int, default=2)
    command.set_defaults(call=run)
    command = commands.add_parser("again")
    command.add_argument("--jobs", type=int, default=2)
    command.set_defaults(call=again)
    command = commands.add_parser("in-diff")
    command.add_argument("base")
    command.add_argument("--most", type=int, default=40)
    command.set_defaults(call=in_diff)
    commands.add_parser("record").set_defaults(call=record)
    command = commands.add_parser("page")
    command.add_argument("--check", action="store_true")
    command.set_defaults(call=page)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
