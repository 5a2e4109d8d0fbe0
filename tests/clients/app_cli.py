"""The application of the client tests as a script around the AWS CLI: every step is a process of its own."""

import json
import os
import re
import subprocess
import tempfile

from transcript import CANARY, certificate, credentials, new_name, only, policy, print_step

VALUE = ("ARN", "Name", "VersionId", "VersionStages", "SecretString", "SecretBinary")
WRITTEN = ("ARN", "Name", "VersionId", "VersionStages")
AWS = os.environ.get("APP_AWS", "aws")


def aws(*arguments):
    """Runs `aws secretsmanager …`; returns what it printed and no code, or nothing and the code of the error."""
    command = [AWS, "secretsmanager", *arguments, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout or "{}"), None
    code = re.search(r"An error occurred \((\w+)\)", done.stderr)
    # What is no answer of the service is shown to the end, since there is nothing to go on with.
    return None, code.group(1) if code else f"exit {done.returncode}: {done.stderr.strip()}"


def step(name, members, *arguments):
    response, error = aws(*arguments)
    print_step(name, None if error else only(response, *members), error)
    return response


def read(name, secret_id, *arguments):
    return step(name, VALUE, "get-secret-value", "--secret-id", secret_id, *arguments)


def move(name, secret_id, label, to=None, away=None):
    arguments = ["--move-to-version-id", to] if to else []
    arguments += ["--remove-from-version-id", away] if away else []
    step(name, ("ARN", "Name"), "update-secret-version-stage", "--secret-id", secret_id, "--version-stage", label, *arguments)


def main():
    name = new_name()
    db, cert = f"{name}-db", f"{name}-cert"
    print_step("name", {"Prefix": name})

    tags = [{"Key": "team", "Value": f"{CANARY} backend"}, {"Key": "stage", "Value": "test"}]
    created = step(
        "create", WRITTEN, "create-secret", "--name", db, "--description", f"{CANARY} of the application",
        "--secret-string", credentials(), "--tags", json.dumps(tags),
    )  # fmt: skip
    first = created["VersionId"]
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate())
        file.flush()
        created = step(
            "create-binary", WRITTEN, "create-secret", "--name", cert, "--secret-binary", f"fileb://{file.name}"
        )
    step("create-again", WRITTEN, "create-secret", "--name", db, "--secret-string", credentials())

    secret = json.loads(read("read", db)["SecretString"])
    print_step("parse", {"username": secret["username"], "SecretString": secret["password"], "port": secret["port"]})
    read("read-binary", created["ARN"])
    read("read-missing", f"{name}-none")

    second = step(
        "update", WRITTEN, "update-secret", "--secret-id", db, "--secret-string", credentials(),
        "--description", f"{CANARY} of the application, changed",
    )["VersionId"]  # fmt: skip
    read("read-updated", db)
    read("read-replaced", db, "--version-stage", "AWSPREVIOUS")
    read("read-by-version", db, "--version-id", first)

    password = step(
        "random", ("RandomPassword",), "get-random-password", "--password-length", "24", "--exclude-punctuation"
    )
    third = step(
        "put-pending", WRITTEN, "put-secret-value", "--secret-id", db,
        "--secret-string", credentials(password["RandomPassword"]), "--version-stages", "AWSPENDING",
    )["VersionId"]  # fmt: skip
    read("read-pending", db, "--version-stage", "AWSPENDING")
    read("read-while-pending", db)
    move("promote", db, "AWSCURRENT", to=third, away=second)
    move("no-longer-pending", db, "AWSPENDING", away=third)
    read("read-rotated", db, "--version-stage", "AWSCURRENT")
    read("read-before-rotation", db, "--version-stage", "AWSPREVIOUS")
    stages, more = {}, []
    while True:
        page, _ = aws("list-secret-version-ids", "--secret-id", db, "--include-deprecated", "--max-results", "1", *more)
        stages |= {version["VersionId"]: version.get("VersionStages", []) for version in page["Versions"]}
        if not page.get("NextToken"):
            break
        more = ["--next-token", page["NextToken"]]
    print_step("versions", {"VersionIdsToStages": stages})

    move("roll-back", db, "AWSCURRENT", to=second, away=third)
    read("read-rolled-back", db, "--version-stage", "AWSCURRENT")
    read("read-rolled-back-from", db, "--version-stage", "AWSPREVIOUS")

    described = ("ARN", "Name", "Description", "Tags", "VersionIdsToStages")
    step("describe", described, "describe-secret", "--secret-id", db)
    step("tag", (), "tag-resource", "--secret-id", db, "--tags", json.dumps([{"Key": "owner", "Value": f"{CANARY} owner"}]))
    step("untag", (), "untag-resource", "--secret-id", db, "--tag-keys", "stage")
    step("describe-tagged", described, "describe-secret", "--secret-id", db)
    step("put-policy", ("ARN", "Name"), "put-resource-policy", "--secret-id", db, "--resource-policy", policy())
    step("get-policy", ("ARN", "Name", "ResourcePolicy"), "get-resource-policy", "--secret-id", db)
    step("delete-policy", ("ARN", "Name"), "delete-resource-policy", "--secret-id", db)

    listed, _ = aws("list-secrets", "--filters", f"Key=name,Values={name}", "--page-size", "1")
    print_step("list", {"Names": [secret["Name"] for secret in listed["SecretList"]]})
    batch, _ = aws("batch-get-secret-value", "--secret-id-list", db, cert)
    print_step("batch", {"SecretValues": [only(value, *VALUE) for value in batch["SecretValues"]]})

    step("delete", ("ARN", "Name"), "delete-secret", "--secret-id", db, "--recovery-window-in-days", "7")
    read("read-deleted", db)
    step("restore", ("ARN", "Name"), "restore-secret", "--secret-id", db)
    read("read-restored", db)
    for secret_id in (db, cert):
        step(
            "delete-for-good", ("ARN", "Name"), "delete-secret", "--secret-id", secret_id, "--force-delete-without-recovery"
        )


main()
