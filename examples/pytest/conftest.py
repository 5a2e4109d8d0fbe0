import json
import os
import subprocess
import urllib.request
from pathlib import Path

import boto3
import pytest

ENDPOINT = "AWS_ENDPOINT_URL_SECRETS_MANAGER"


def pytest_configure(config):
    """Starts one server for all workers: in the process that starts them, and not while recording."""
    if hasattr(config, "workerinput") or "RECORDING" in os.environ:
        return
    recordings = Path(__file__).parent / "recordings"
    command = [os.environ.get("SMCHECK", "smcheck"), "serve", recordings, "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    config.add_cleanup(server.terminate)
    listening = next((line for line in server.stdout if line.startswith("listening on ")), None)
    if listening is None:
        raise pytest.UsageError("smcheck serve did not start")
    # Workers inherit it.
    os.environ |= {ENDPOINT: listening.split()[-1], "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def client(request):
    """A client in a session of its own, which plays the recording that is named after the test."""
    if "RECORDING" in os.environ:
        return boto3.client("secretsmanager")
    name = request.node.name
    body = json.dumps({"recording": name}).encode()
    urllib.request.urlopen(f"{os.environ[ENDPOINT]}/_smcheck/sessions/{name}", data=body).close()
    return boto3.client("secretsmanager", aws_access_key_id=name, aws_secret_access_key="any")
