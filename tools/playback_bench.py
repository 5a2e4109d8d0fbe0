"""Measures playback beside other servers; tools/playback_bench.sh prepares them and calls it.

The recording is of one CreateSecret and one GetSecretValue. wrk then asks for that secret, signed once, over 32 connections.
Rounds go through all servers in turn, so that what else the machine does falls on all of them; the median is reported.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "clients"))
from processes import Program, clean_environment, env_file  # noqa: E402

TARGET = "secretsmanager.GetSecretValue"
NAME = "bench/database"
SECRET = json.dumps({"username": "shop", "password": "x" * 24, "host": "db.internal.example", "port": 5432})
CONNECTIONS = 32


def client(endpoint, access_key="test", secret_key="test"):
    return boto3.client(
        "secretsmanager", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
    )  # fmt: skip


def signed(endpoint):
    """The request as an SDK sends it."""
    body = json.dumps({"SecretId": NAME})
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET}
    request = AWSRequest("POST", endpoint + "/", data=body, headers=headers)
    SigV4Auth(Credentials("test", "test"), "secretsmanager", "us-east-1").add_auth(request)
    return dict(request.headers.items()), body


def answer(endpoint):
    """What a server answers, once it answers at all."""
    headers, body = signed(endpoint)
    until = time.monotonic() + 60
    while True:
        try:
            request = urllib.request.Request(endpoint + "/", data=body.encode(), headers=headers)
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def measure(endpoint, seconds, script):
    """Requests a second; an error where some failed, since a server that refuses is no slower or faster than another."""
    headers, body = signed(endpoint)
    lines = ['wrk.method = "POST"', f"wrk.body = [[{body}]]"]
    lines += [f"wrk.headers[{json.dumps(name)}] = [[{value}]]" for name, value in headers.items()]
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, endpoint + "/"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in printed:
        raise RuntimeError(f"{endpoint} refused requests\n{printed}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", printed).group(1))


class Bench:
    def __init__(self, smcheck, home):
        self.smcheck, self.home, self.work = smcheck, home, home / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.programs = []

    def start(self, name, *command):
        program = Program(name, [str(word) for word in command], self.work / "logs", clean_environment())
        self.programs.append(program)
        return program

    def record(self):
        model = self.start("model", self.smcheck, "serve", "--model", "--port", "0").url()
        folder, variables = self.work / "recording", self.work / "proxy.env"
        proxy = self.start(
            "proxy", self.smcheck, "proxy", "--to", model, "--out", folder, "--port", "0", "--env-file", variables,
        )  # fmt: skip
        proxy.url()
        reached = env_file(variables)
        here = client(
            reached["AWS_ENDPOINT_URL_SECRETS_MANAGER"], reached["AWS_ACCESS_KEY_ID"], reached["AWS_SECRET_ACCESS_KEY"]
        )
        here.create_secret(Name=NAME, SecretString=SECRET)
        here.get_secret_value(SecretId=NAME)
        proxy.stop()
        return folder

    def smcheck_serve(self, folder):
        return self.start(
            "serve", self.smcheck, "serve", folder, "--port", "0", "--exhausted", "repeat-last"
        ).url()  # fmt: skip

    def wiremock(self, folder):
        jars = sorted((Path(__file__).resolve().parent.parent / "target" / "wiremock" / "node_modules" / "wiremock" / "build").glob("*.jar"))
        if not jars or not shutil.which("java"):
            raise RuntimeError("WireMock or Java is missing")
        root = self.work / "wiremock"
        (root / "mappings").mkdir(parents=True)
        out = root / "mappings" / "recording.json"
        command = [self.smcheck, "export", folder / "recording.jsonl", "--to", "wiremock", "--out", out]
        exported = subprocess.run(command, check=False, capture_output=True, text=True)
        if exported.returncode != 0:
            raise RuntimeError(exported.stderr)
        # Without its journal of requests, which grows, and without a line for each.
        program = self.start(
            "wiremock", "java", "-jar", jars[0], "--port", "0", "--root-dir", root, "--no-request-journal",
            "--disable-banner",
        )  # fmt: skip
        return self.port(program, r"port:\s+(\d+)")

    def moto(self, _folder):
        program = self.start("moto", Path(sys.executable).parent / "moto_server", "-p", "0")
        endpoint = self.port(program, r"http://127\.0\.0\.1:(\d+)")
        client(endpoint).create_secret(Name=NAME, SecretString=SECRET)
        return endpoint

    def port(self, program, pattern):
        until = time.monotonic() + 120
        while time.monotonic() < until and program.process.poll() is None:
            if found := re.search(pattern, program.printed()):
                return f"http://127.0.0.1:{found.group(1)}"
            time.sleep(0.1)
        raise RuntimeError(f"{program.name} does not listen\n{program.printed()}")

    def stop_all(self):
        for program in self.programs:
            program.process.terminate()
            program.process.wait(20)


def main():
    parser = argparse.ArgumentParser(description="Measures playback beside other servers.")
    parser.add_argument("--smcheck", required=True, type=Path)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    args = parser.parse_args()
    bench = Bench(args.smcheck, args.home)
    endpoints, sizes = {}, {}
    try:
        folder = bench.record()
        for name, start in {
            "smcheck serve": bench.smcheck_serve, "WireMock": bench.wiremock, "moto": bench.moto,
        }.items():  # fmt: skip
            try:
                endpoints[name] = start(folder)
                sizes[name] = len(answer(endpoints[name]))
            except (RuntimeError, OSError) as error:
                print(f"{name}: left out: {error}", flush=True)
                endpoints.pop(name, None)
        script = bench.work / "request.lua"
        for endpoint in endpoints.values():
            measure(endpoint, args.seconds, script)  # warm, Java above all
        rounds = {name: [] for name in endpoints}
        for _ in range(args.rounds):
            for name, endpoint in endpoints.items():
                rounds[name].append(measure(endpoint, args.seconds, script))
    finally:
        bench.stop_all()
    ours = statistics.median(rounds["smcheck serve"])
    print(f"{'server':16} {'requests/s':>10} {'from':>9} {'to':>9} {'bytes':>6}  smcheck is")
    for name, counts in rounds.items():
        middle = statistics.median(counts)
        ratio = f"{ours / middle:.2f} times as fast" if name != "smcheck serve" else ""
        print(f"{name:16} {middle:10.0f} {min(counts):9.0f} {max(counts):9.0f} {sizes[name]:6}  {ratio}")


main()
