#!/usr/bin/env python3
"""Runs clients through `smcheck proxy` and again offline with `smcheck serve`. tools/clients.sh prepares them and calls it.

    clients.py --smcheck PROGRAM --home DIR [--only CLIENT,…] [PART…]

Parts: `record`, every client against moto and against the model, and again on the recording; `parallel`, the examples with
several workers on one server; `tls`, the proxy to an https target and clients to an https server. At the end all that smcheck
wrote or printed is searched for canaries, which were planted wherever a secret can be. `examples` records what the examples
play, anew.
"""

import argparse
import base64
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CLIENTS = HERE / "tests" / "clients"
sys.path.insert(0, str(CLIENTS))

import canaries  # noqa: E402
from comparable import Comparable, difference  # noqa: E402
from processes import Program, clean_environment, env_file  # noqa: E402

# The same steps in four languages; the caching client has an application of its own.
NAMES = ("boto3", "cli", "caching", "node", "rust")
SAME_APPLICATION = ("boto3", "cli", "node", "rust")
PREPARED_AS = {"boto3": "python", "cli": "python", "caching": "python", "node": "node", "rust": "rust"}
EXAMPLES = HERE / "examples"
# The recordings that the examples play, and the arguments with which each runs the test for it alone.
RECORDED_FOR_EXAMPLES = {
    "pytest": {
        name: ["-k", name]
        for name in (
            "test_what_was_created_can_be_read",
            "test_a_rotation_keeps_the_old_password",
            "test_a_rotation_can_be_taken_back",
            "test_there_may_be_no_password",
        )
    },
    "node": {
        "rotation": ["test/rotation.test.mjs"],
        "roll-back": ["--test-name-pattern", "taken back", "test/roll-back.test.mjs"],
        "nothing": ["--test-name-pattern", "no password", "test/roll-back.test.mjs"],
    },
}

# What a server says that was asked to stop, as a shell would.
ENDED_BY_SIGNAL = 143


class Failed(Exception):
    """Something that must hold does not."""


class Runs:
    def __init__(self, smcheck, home):
        self.smcheck = smcheck
        self.home = home
        self.work = home / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.canaries = canaries.Canaries()
        self.started = []

    # -- smcheck

    def program(self, name, *arguments, **environment):
        """Starts smcheck; its environment holds a canary, and so do its credentials."""
        planted = {
            "APP_DATABASE_PASSWORD": self.canaries.plant("environment"),
            "AWS_ACCESS_KEY_ID": "AKIDOFTHETARGET",
            "AWS_SECRET_ACCESS_KEY": self.canaries.plant("credentials"),
            "AWS_REGION": "us-east-1",
        }
        command = [self.smcheck, *(str(argument) for argument in arguments)]
        program = Program(name, command, self.work / "logs", clean_environment(**planted | environment))
        self.started.append(program)
        return program

    def stop(self, program, expected=ENDED_BY_SIGNAL):
        self.started.remove(program)
        code = program.stop()
        if code != expected:
            raise Failed(f"{program.name} ended with {code}, and not with {expected}\n{program.printed()}")

    def stop_all(self):
        for program in list(self.started):
            self.started.remove(program)
            program.process.terminate()
            try:
                program.process.wait(20)
            except subprocess.TimeoutExpired:
                program.process.kill()

    # -- clients

    def command(self, client):
        python = self.home / "python" / "bin" / "python"
        return {
            "boto3": [python, CLIENTS / "app_boto3.py"],
            "cli": [python, CLIENTS / "app_cli.py"],
            "caching": [python, CLIENTS / "app_caching.py"],
            "node": ["node", self.home / "node" / "app.mjs"],
            "rust": [self.home / "rust" / "debug" / "smcheck-client-rust"],
        }[client]

    def run(self, client, variables):
        """Runs a client with the variables that smcheck wrote for it, and returns what it saw, made comparable."""
        planted = {
            "APP_CANARY": self.canaries.plant("value", canaries.TAIL),
            "APP_AWS": str(self.home / "python" / "bin" / "aws"),
            "APP_DATABASE_PASSWORD": self.canaries.plant("environment"),
            "APP_HEADER": self.canaries.plant("header"),
            # Goes into a header of every SDK, and so does the session token.
            "AWS_SDK_UA_APP_ID": self.canaries.plant("agent"),
            "AWS_SESSION_TOKEN": self.canaries.plant("token"),
        }
        done = subprocess.run(
            self.command(client), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
            env=clean_environment(**planted | variables), check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"{client} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return Comparable().lines(done.stdout)

    # -- the parts

    def record_and_play(self, client, target, to):
        """A client through the proxy, and again on the recording; returns what it saw."""
        begun = time.monotonic()
        name = f"{client}-{target}"
        recording, variables = self.work / "recordings" / name, self.work / "env"
        variables.mkdir(parents=True, exist_ok=True)
        proxy = self.program(
            f"{name}-proxy", "proxy", "--to", to, "--out", recording, "--name", name, "--port", "0",
            "--variable-name", "app-*", "--env-file", variables / f"{name}-proxy",
        )  # fmt: skip
        proxy.url()
        live = self.run(client, env_file(variables / f"{name}-proxy"))
        self.stop(proxy)
        recorded = time.monotonic()
        serve = self.program(
            f"{name}-serve", "serve", recording, "--port", "0", "--fail-on-unused",
            "--env-file", variables / f"{name}-serve",
        )  # fmt: skip
        serve.url()
        offline = self.run(client, env_file(variables / f"{name}-serve"))
        # It says so where a recorded exchange was never used.
        self.stop(serve, expected=0)
        if found := difference(live, offline):
            raise Failed(f"{name}: live and offline differ at {found}\n{serve.printed()}")
        times = f"{recorded - begun:.1f} s live, {time.monotonic() - recorded:.1f} s offline"
        print(f"{client:8} {target:6} {len(live)} steps, the same offline ({times})", flush=True)
        return live

    def part_record(self, clients):
        model = self.program("model", "serve", "--model", "--port", "0")
        targets = {"moto": "moto", "model": model.url()}
        jobs = [(client, target) for client in clients for target in targets]
        with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
            runs = {job: pool.submit(self.record_and_play, *job, targets[job[1]]) for job in jobs}
        saw = {job: run.result() for job, run in runs.items()}
        self.stop(model)
        for target in targets:
            same = [client for client in clients if client in SAME_APPLICATION]
            for one, other in zip(same, same[1:]):
                if found := difference(saw[one, target], saw[other, target]):
                    raise Failed(f"on {target} {one} and {other} saw something different at {found}")

    def example(self, name):
        """Where an example is run: Node looks for modules from the program on, and its are not in the work tree."""
        if name == "pytest":
            return EXAMPLES / "pytest"
        copy = self.home / "node" / "example"
        shutil.rmtree(copy, ignore_errors=True)
        return Path(shutil.copytree(EXAMPLES / "node", copy))

    def run_example(self, name, *arguments, **variables):
        python = self.home / "python" / "bin" / "python"
        command = {
            "pytest": [python, "-m", "pytest", "-v", "-p", "no:cacheprovider"],
            "node": ["npm", "test", "--silent", "--"],
        }[name]
        done = subprocess.run(
            [*command, *arguments], cwd=self.example(name), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300, check=False, env=clean_environment(SMCHECK=str(self.smcheck), **variables),
        )  # fmt: skip
        printed = done.stdout + done.stderr
        if done.returncode != 0:
            raise Failed(f"examples/{name} ended with {done.returncode}\n{printed}")
        return printed

    def part_parallel(self, clients):
        """The examples, as a reader would run them."""
        if "boto3" in clients:
            printed = self.run_example("pytest", "-n", "2")
            workers = set(re.findall(r"\[(gw\d+)\]", printed))
            passed = re.search(r"(\d+) passed", printed)
            if workers != {"gw0", "gw1"} or not passed:
                raise Failed(f"examples/pytest did not run on two workers\n{printed}")
            print(f"examples/pytest: {passed.group(1)} tests passed on two workers and one server", flush=True)
        if "node" in clients:
            printed = self.run_example("node")
            passed = re.search(r"pass (\d+)", printed)
            if not passed or passed.group(1) != "3":
                raise Failed(f"examples/node did not run its three tests\n{printed}")
            print("examples/node: 3 tests passed in two processes and one server", flush=True)

    def part_examples(self, _clients):
        """Records what the examples play, as their READMEs say; not among the parts that are run unless asked."""
        for example, tests in RECORDED_FOR_EXAMPLES.items():
            for name, arguments in tests.items():
                variables = self.work / "env" / name
                variables.parent.mkdir(parents=True, exist_ok=True)
                proxy = self.program(
                    f"example-{name}", "proxy", "--to", "moto", "--out", EXAMPLES / example / "recordings", "--name", name,
                    "--overwrite", "--port", "0", "--variable-name", "app-*", "--env-file", variables,
                )  # fmt: skip
                proxy.url()
                self.run_example(example, *arguments, RECORDING="1", **env_file(variables))
                self.stop(proxy)
                print(f"examples/{example}/recordings/{name}.jsonl", flush=True)

    def part_tls(self, clients):
        """https to the target, and https from clients, on what another client recorded."""
        first = next((client for client in clients if client in SAME_APPLICATION), None)
        if first is None:
            print("tls: skipped, since no client of the application is here", flush=True)
            return
        variables = self.work / "env"
        variables.mkdir(parents=True, exist_ok=True)
        model = self.program("tls-model", "serve", "--model", "--tls", "--port", "0", "--env-file", variables / "tls-model")
        url = model.url()
        trusted = env_file(variables / "tls-model")["AWS_CA_BUNDLE"]
        recording = self.work / "recordings" / "tls"
        proxy = self.program(
            "tls-proxy", "proxy", "--to", url, "--out", recording, "--port", "0", "--variable-name", "app-*",
            "--env-file", variables / "tls-proxy", AWS_CA_BUNDLE=trusted,
        )  # fmt: skip
        proxy.url()
        live = self.run(first, env_file(variables / "tls-proxy"))
        self.stop(proxy)
        self.stop(model)
        serve = self.program(
            "tls-serve", "serve", recording, "--tls", "--port", "0", "--env-file", variables / "tls-serve",
        )  # fmt: skip
        if not serve.url().startswith("https:"):
            raise Failed("serve --tls does not say that it speaks https")
        reached = env_file(variables / "tls-serve")
        # The SDK for Rust is built without TLS here. Each client has a session of its own, named by its access key.
        over_tls = [client for client in clients if client in SAME_APPLICATION and client != "rust"]
        with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
            runs = {client: pool.submit(self.run, client, reached | {"AWS_ACCESS_KEY_ID": client}) for client in over_tls}
        for client, run in runs.items():
            if found := difference(live, run.result()):
                raise Failed(f"over TLS {client} saw something else than {first} did when recording, at {found}")
        self.stop(serve)
        print(f"tls: recorded by {first} from an https target, played to {', '.join(over_tls)} over https", flush=True)

    def audited(self, folder, planted):
        """Where `smcheck audit` finds what was planted."""
        command = [self.smcheck, "audit", folder, "--canary", f"@{planted}", "--json", "-"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean_environment(), check=False)
        if done.returncode not in (0, 1):
            raise Failed(f"smcheck audit ended with {done.returncode}\n{done.stderr[-2000:]}")
        return [f"{found['path']}:{found['line']}" for found in json.loads(done.stdout)["findings"] if found["kind"] == "canary"]

    def search(self):
        """Nothing that smcheck wrote or printed holds what was planted."""
        if not self.canaries.texts:
            return
        canaries.self_check(self.work / "self-check")
        found = self.canaries.search([self.work])
        if found:
            lines = {f"{file.relative_to(self.work)}: {place} ({form})" for place, form, file in found}
            raise Failed("canaries got out:\n" + "\n".join(sorted(lines)))
        # And the search that users have: it finds what is planted, and in what smcheck wrote it finds none.
        planted, sample = self.home / "planted.txt", self.home / "sample"
        sample.mkdir(exist_ok=True)
        planted.write_text("\n".join(self.canaries.texts.values()), encoding="utf-8")
        try:
            text = next(iter(self.canaries.texts.values()))
            (sample / "log.txt").write_text(base64.b64encode(f"a {text} of".encode()).decode(), encoding="utf-8")
            if not self.audited(sample, planted):
                raise Failed("smcheck audit --canary does not find what was planted for it")
            if places := self.audited(self.work, planted):
                raise Failed("smcheck audit --canary found canaries:\n" + "\n".join(places))
        finally:
            planted.unlink()
            shutil.rmtree(sample)
        files = sum(1 for file in self.work.rglob("*") if file.is_file())
        print(f"canaries: {len(self.canaries.texts)} places, in none of {files} files", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Runs clients through smcheck proxy and again offline.")
    parser.add_argument("--smcheck", required=True, type=Path)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--only", default=",".join(NAMES), help="clients, with commas between")
    parser.add_argument("parts", nargs="*", metavar="PART", help="record, parallel, tls; and examples")
    args = parser.parse_args()
    wanted = args.only.split(",")
    parts = args.parts or ["record", "parallel", "tls"]
    if strange := [name for name in wanted if name not in NAMES]:
        parser.error(f"no client is named {strange[0]}; there are: {', '.join(NAMES)}")
    if strange := [part for part in parts if part not in ("record", "parallel", "tls", "examples")]:
        parser.error(f"no part is named {strange[0]}")
    clients = [name for name in NAMES if name in wanted]
    for name in list(clients):
        reason = args.home / f"missing-{PREPARED_AS[name]}.txt"
        if reason.exists():
            print(f"{name:8} skipped: {reason.read_text(encoding='utf-8').strip()}")
            clients.remove(name)
    # What is ended from outside ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    runs = Runs(args.smcheck.resolve(), args.home.resolve())
    begun = time.monotonic()
    try:
        for part in parts:
            getattr(runs, f"part_{part}")(clients)
        runs.search()
    except (Failed, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"clients.py: {error}", file=sys.stderr)
        return 1
    finally:
        runs.stop_all()
    print(f"{len(clients)} clients, {time.monotonic() - begun:.0f} s on {os.cpu_count()} cores")
    # Where no client could be prepared, nothing was tried.
    return 0 if clients else 3


sys.exit(main())
