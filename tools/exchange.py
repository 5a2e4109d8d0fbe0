#!/usr/bin/env python3
"""Exchanges recordings with other tools, the tools at work. tools/exchange.sh prepares them and calls it.

    exchange.py --smcheck PROGRAM --home DIR [TOOL…]

For each format, both ways: the tool records an application against the reference, `smcheck import` makes a recording of that,
and `smcheck serve` plays it to the application, which must see the same; and `smcheck proxy` records the application, `smcheck
export` writes that for the tool, and the tool plays it to the application, each of whose steps must end as it did.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CLIENTS = HERE / "tests" / "clients"
sys.path.insert(0, str(CLIENTS))

from comparable import Comparable, difference  # noqa: E402
from processes import Program, clean_environment, env_file  # noqa: E402

TOOLS = ("vcrpy", "har", "wiremock", "rust")
PREPARED_AS = {"vcrpy": "python", "har": "python", "wiremock": "wiremock", "rust": "rust"}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Failed(Exception):
    """Something that must hold does not."""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port, program, seconds=60):
    """Until something accepts connections."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if program.process.poll() is not None:
                break
            time.sleep(0.1)
    raise Failed(f"{program.name} does not listen\n{program.printed()[-3000:]}")


def outcomes(transcript):
    """The steps, and how each ended."""
    return [(line["step"], line.get("error")) for line in transcript]


class Exchange:
    def __init__(self, smcheck, home):
        self.smcheck, self.home = smcheck, home
        self.python = home / "python" / "bin" / "python"
        self.work = home / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.started = []

    # -- programs

    def start(self, name, *command):
        program = Program(name, [str(word) for word in command], self.work / "logs", clean_environment(**CREDENTIALS))
        self.started.append(program)
        return program

    def stop(self, program):
        self.started.remove(program)
        program.stop()

    def stop_all(self):
        for program in self.started:
            program.process.kill()

    def call(self, *arguments):
        command = [str(self.smcheck), *(str(argument) for argument in arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise Failed(f"smcheck {arguments[0]} ended with {done.returncode}\n{done.stderr[-3000:]}")
        return done.stderr

    # -- the application

    def application(self, command, **variables):
        done = subprocess.run(
            [str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
            env=clean_environment(**CREDENTIALS | variables), check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Failed(f"{command[0]} ended with {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
        return Comparable().lines(done.stdout)

    def app(self, client):
        """The application as a command, without any tool: the same steps in both languages."""
        rust = HERE / "target" / "clients" / "rust" / "debug" / "smcheck-client-rust"
        return [rust] if client == "rust" else [self.python, CLIENTS / "app_boto3.py"]

    def played(self, client, recording):
        """What the application sees from a recording."""
        variables = self.work / f"{recording.name}.env"
        serve = self.start(f"serve-{recording.name}", self.smcheck, "serve", recording, "--port", "0", "--env-file", variables)
        serve.url()
        seen = self.application(self.app(client), **env_file(variables))
        self.stop(serve)
        return seen

    def imported(self, name, client, live, *files):
        """Imports what a tool recorded, and compares what the application sees of it with what it saw live."""
        recording = self.work / f"imported-{name}"
        self.call("import", *files, "--out", recording, "--name", name, "--variable-name", "app-*")
        if found := difference(live, self.played(client, recording)):
            raise Failed(f"{name}: what was imported plays otherwise than it was recorded, at {found}")
        print(f"{name:14} recorded by the tool, imported, played: {len(live)} steps the same", flush=True)

    def recorded(self, client, **variables):
        """A recording of our own, made once for each client, and what the application saw. With APP_NAME the names of its
        secrets stay as they are."""
        name = "-".join(["recorded", client, *variables])
        recording = self.work / name
        transcript = self.work / f"{name}.json"
        variable = [] if variables else ["--variable-name", "app-*"]
        if not transcript.exists():
            model = self.start(f"model-{client}", self.smcheck, "serve", "--model", "--port", "0")
            file = self.work / f"proxy-{name}.env"
            proxy = self.start(
                f"proxy-{client}", self.smcheck, "proxy", "--to", model.url(), "--out", recording, "--port", "0",
                "--name", "app", *variable, "--env-file", file,
            )  # fmt: skip
            proxy.url()
            seen = self.application(self.app(client), **env_file(file) | variables)
            self.stop(proxy)
            self.stop(model)
            # Only how the steps ended is kept: the rest is secret values.
            transcript.write_text(json.dumps(outcomes(seen)), encoding="utf-8")
        return recording / "app.jsonl", [tuple(step) for step in json.loads(transcript.read_text(encoding="utf-8"))]

    def compare_exported(self, name, live, seen):
        if outcomes(seen) != live:
            part = next(pair for pair in zip(live + [None], outcomes(seen) + [None]) if pair[0] != pair[1])
            raise Failed(f"{name}: the tool plays our export otherwise than it was recorded: {part[0]} was {part[1]}")
        print(f"{name:14} recorded by smcheck, exported, played by the tool: {len(live)} steps the same", flush=True)

    # -- the tools

    def part_vcrpy(self):
        for serializer, ending in (("yaml", "yaml"), ("json", "json")):
            name = f"vcrpy-{serializer}"
            model = self.start(f"model-{name}", self.smcheck, "serve", "--model", "--port", "0")
            cassette = self.work / f"{name}.{ending}"
            under = [self.python, CLIENTS / "under_vcr.py", cassette, serializer]
            app = CLIENTS / "app_boto3.py"
            live = self.application([*under, "all", app], AWS_ENDPOINT_URL=model.url())
            self.stop(model)
            self.imported(name, "boto3", live, cassette)

            recording, live = self.recorded("boto3")
            exported = self.work / f"exported.{ending}"
            self.call("export", recording, "--to", "vcrpy", "--out", exported, "--endpoint", "http://127.0.0.1:9")
            under[2] = exported
            # Nothing listens there: what vcrpy does not play, fails.
            seen = self.application([*under, "none", app], AWS_ENDPOINT_URL="http://127.0.0.1:9")
            self.compare_exported(name, live, seen)

    def part_har(self):
        mitmdump = self.home / "python" / "bin" / "mitmdump"
        home = ["--set", f"confdir={self.work / 'mitmproxy'}", "--listen-host", "127.0.0.1", "-q"]
        model = self.start("model-har", self.smcheck, "serve", "--model", "--port", "0")
        port, har = free_port(), self.work / "mitmproxy.har"
        # `keep_host_header` keeps what was signed.
        dump = self.start(
            "mitmdump-record", mitmdump, *home, "--mode", f"reverse:{model.url()}", "-p", port,
            "--set", "keep_host_header=true", "--set", f"hardump={har}",
        )  # fmt: skip
        wait_for(port, dump)
        live = self.application(self.app("boto3"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        self.stop(dump)
        self.stop(model)
        self.imported("har", "boto3", live, har)

        recording, live = self.recorded("boto3")
        exported, port = self.work / "exported.har", free_port()
        self.call("export", recording, "--to", "har", "--out", exported, "--endpoint", "http://127.0.0.1:9")
        dump = self.start(
            "mitmdump-play", mitmdump, *home, "--mode", "reverse:http://127.0.0.1:9", "-p", port, "-S", exported, "--set", "connection_strategy=lazy",
            "--set", "server_replay_ignore_content=true", "--set", "server_replay_ignore_host=true",
            "--set", "server_replay_ignore_port=true", "--set", "server_replay_extra=kill", "--set", "server_replay_refresh=false",
        )  # fmt: skip
        wait_for(port, dump)
        # mitmproxy tells requests apart by scheme and path, and plays them in order.
        seen = self.application(self.app("boto3"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        self.stop(dump)
        self.compare_exported("har", live, seen)

    def wiremock(self, name, root):
        (root / "mappings").mkdir(parents=True, exist_ok=True)
        jar = next((HERE / "target" / "wiremock" / "node_modules" / "wiremock").rglob("*.jar"), None)
        if jar is None:
            raise Failed("the npm package of WireMock has no jar")
        port = free_port()
        program = self.start(name, "java", "-jar", jar, "--port", port, "--root-dir", root, "--bind-address", "127.0.0.1")
        wait_for(port, program)
        return program, port

    def part_wiremock(self):
        root = self.work / "wiremock-recorded"
        model = self.start("model-wiremock", self.smcheck, "serve", "--model", "--port", "0")
        program, port = self.wiremock("wiremock-record", root)
        admin = f"http://127.0.0.1:{port}/__admin/recordings"
        wanted = {
            "targetBaseUrl": model.url(),
            "captureHeaders": {"X-Amz-Target": {}},
            "requestBodyPattern": {"matcher": "equalToJson"},
            "repeatsAsScenarios": True,
            "persist": True,
        }
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def ask(path, body):
            request = urllib.request.Request(f"{admin}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
            return opener.open(request, timeout=30).read()

        ask("start", wanted)
        live = self.application(self.app("boto3"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        ask("stop", {})
        self.stop(program)
        self.stop(model)
        self.imported("wiremock", "boto3", live, root / "mappings")

        # WireMock compares names with those that it was told: it cannot play to ones that are made at run time.
        fixed = {"APP_NAME": "app-exchange"}
        recording, live = self.recorded("boto3", **fixed)
        root = self.work / "wiremock-exported"
        (root / "mappings").mkdir(parents=True)
        self.call("export", recording, "--to", "wiremock", "--out", root / "mappings" / "app.json")
        program, port = self.wiremock("wiremock-play", root)
        seen = self.application(self.app("boto3"), AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", **fixed)
        self.stop(program)
        self.compare_exported("wiremock", live, seen)

    def part_rust(self):
        model = self.start("model-rust", self.smcheck, "serve", "--model", "--port", "0")
        traffic = self.work / "traffic.json"
        live = self.application(self.app("rust"), AWS_ENDPOINT_URL=model.url(), APP_RECORD_TO=str(traffic))
        self.stop(model)
        self.imported("aws-sdk-rust", "rust", live, traffic)

        recording, live = self.recorded("rust")
        exported = self.work / "exported-traffic.json"
        self.call("export", recording, "--to", "aws-sdk-rust", "--out", exported)
        seen = self.application(self.app("rust"), AWS_ENDPOINT_URL="http://127.0.0.1:9", APP_REPLAY=str(exported))
        self.compare_exported("aws-sdk-rust", live, seen)


def main():
    parser = argparse.ArgumentParser(description="Exchanges recordings with other tools.")
    parser.add_argument("--smcheck", required=True, type=Path)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=", ".join(TOOLS))
    args = parser.parse_args()
    if strange := [name for name in args.tools if name not in TOOLS]:
        parser.error(f"no tool is named {strange[0]}; there are: {', '.join(TOOLS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    exchange = Exchange(args.smcheck.resolve(), args.home.resolve())
    begun, done = time.monotonic(), 0
    try:
        for tool in args.tools or TOOLS:
            reason = args.home / f"missing-{PREPARED_AS[tool]}.txt"
            if reason.exists():
                print(f"{tool:14} skipped: {reason.read_text(encoding='utf-8').strip()}")
                continue
            getattr(exchange, f"part_{tool}")()
            done += 1
    except (Failed, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
        print(f"exchange.py: {error}", file=sys.stderr)
        return 1
    finally:
        exchange.stop_all()
    print(f"{done} tools, {time.monotonic() - begun:.0f} s on {os.cpu_count()} cores")
    # Where no tool could be prepared, nothing was tried.
    return 0 if done else 3


sys.exit(main())
