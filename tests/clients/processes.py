"""Programs that run beside the clients: smcheck, which says on a line where it listens."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path


def clean_environment(**more):
    """The environment without anything that is said about AWS, so that no profile of the machine has a say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SMCHECK_"))}
    nothing = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NODE_NO_WARNINGS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return kept | nothing | more


class Program:
    """A program that listens; what it prints is kept in two files."""

    def __init__(self, name, command, folder, environment):
        self.name = name
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.stdout, self.stderr = folder / f"{name}.stdout", folder / f"{name}.stderr"
        with self.stdout.open("wb") as out, self.stderr.open("wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment, start_new_session=True
            )

    def url(self, seconds=120):
        """Where it listens, once it does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for file in (self.stdout, self.stderr):
                if found := re.search(r"listening on (https?://\S+)", file.read_text(errors="replace")):
                    return found.group(1)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not listen (exit {self.process.poll()})\n{self.printed()}")

    def stop(self, seconds=60):
        """Asks it to stop as a user does, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise RuntimeError(f"{self.name} does not stop\n{self.printed()}") from None

    def printed(self):
        return self.stdout.read_text(errors="replace") + self.stderr.read_text(errors="replace")


def env_file(path):
    """The variables of a file that smcheck wrote, each NAME=VALUE on a line."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    pairs = [line.removeprefix("export ").partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value.strip("'\"") for name, _, value in pairs}
