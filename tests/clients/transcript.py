"""What an application saw, one line of JSON for each step, for the programs in Python.

A line is {"step": NAME, "out": {…}} or {"step": NAME, "error": CODE}. The values are real: tools/clients.py reads them from a
pipe, makes them comparable, and writes none of them down.
"""

import base64
import json
import os
import secrets
import time


def print_step(step, out=None, error=None):
    line = {"step": step, "error": error} if error else {"step": step, "out": out or {}}
    print(json.dumps(line), flush=True)


def only(response, *members):
    """These members of a response, where they are there; bytes as base64."""
    out = {}
    for member in members:
        value = response.get(member)
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        if value is not None:
            out[member] = value
    return out


def new_name():
    """A name that no other run has, unless one is given: not every tool can play names that it did not record."""
    return os.environ.get("APP_NAME") or f"app-{time.time_ns():x}"


# Something unmistakable that tools/clients.py looks for afterwards in everything that smcheck wrote.
CANARY = os.environ.get("APP_CANARY", "none")


def credentials(password=None):
    """A secret as applications keep it: JSON, with a password that was made now."""
    return json.dumps({"username": "app", "password": password or f"{CANARY}{secrets.token_urlsafe(12)}", "port": 5432})


def certificate():
    return f"{CANARY} certificate ".encode() + secrets.token_bytes(40)


def policy():
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "secretsmanager:DeleteSecret",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:PrincipalTag/team": CANARY}},
                }
            ],
        }
    )
