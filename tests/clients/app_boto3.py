"""The application of the client tests, with boto3. The same steps are in app_cli.py, node/app.mjs and rust/src/main.rs."""

import json
import os

import boto3
from botocore.exceptions import ClientError

from transcript import CANARY, certificate, credentials, new_name, only, policy, print_step

VALUE = ("ARN", "Name", "VersionId", "VersionStages", "SecretString", "SecretBinary")
WRITTEN = ("ARN", "Name", "VersionId", "VersionStages")

client = boto3.client("secretsmanager")
# What a company's own layer may add to every request.
client.meta.events.register(
    "before-call.secretsmanager",
    lambda params, **_: params["headers"].update({"X-App-Token": os.environ.get("APP_HEADER", "none")}),
)


def step(name, call, *members, **arguments):
    """Makes a call, prints what came of it, and returns the response, or nothing where it is an error."""
    try:
        response = call(**arguments)
    except ClientError as error:
        print_step(name, error=error.response["Error"]["Code"])
        return None
    print_step(name, only(response, *members))
    return response


def read(name, **arguments):
    return step(name, client.get_secret_value, *VALUE, **arguments)


def main():
    name = new_name()
    db, cert = f"{name}-db", f"{name}-cert"
    print_step("name", {"Prefix": name})

    created = step(
        "create",
        client.create_secret,
        *WRITTEN,
        Name=db,
        Description=f"{CANARY} of the application",
        SecretString=credentials(),
        Tags=[{"Key": "team", "Value": f"{CANARY} backend"}, {"Key": "stage", "Value": "test"}],
    )
    first = created["VersionId"]
    created = step("create-binary", client.create_secret, *WRITTEN, Name=cert, SecretBinary=certificate())
    step("create-again", client.create_secret, *WRITTEN, Name=db, SecretString=credentials())

    secret = json.loads(read("read", SecretId=db)["SecretString"])
    print_step("parse", {"username": secret["username"], "SecretString": secret["password"], "port": secret["port"]})
    read("read-binary", SecretId=created["ARN"])
    read("read-missing", SecretId=f"{name}-none")

    second = step(
        "update",
        client.update_secret,
        *WRITTEN,
        SecretId=db,
        Description=f"{CANARY} of the application, changed",
        SecretString=credentials(),
    )["VersionId"]
    read("read-updated", SecretId=db)
    read("read-replaced", SecretId=db, VersionStage="AWSPREVIOUS")
    read("read-by-version", SecretId=db, VersionId=first)

    # Rotation by hand: a new version waits as AWSPENDING, is tried, and becomes the current one.
    password = step("random", client.get_random_password, "RandomPassword", PasswordLength=24, ExcludePunctuation=True)
    third = step(
        "put-pending",
        client.put_secret_value,
        *WRITTEN,
        SecretId=db,
        SecretString=credentials(password["RandomPassword"]),
        VersionStages=["AWSPENDING"],
    )["VersionId"]
    read("read-pending", SecretId=db, VersionStage="AWSPENDING")
    read("read-while-pending", SecretId=db)
    move = client.update_secret_version_stage
    step("promote", move, "ARN", "Name", SecretId=db, VersionStage="AWSCURRENT", MoveToVersionId=third,
         RemoveFromVersionId=second)
    step("no-longer-pending", move, "ARN", "Name", SecretId=db, VersionStage="AWSPENDING", RemoveFromVersionId=third)
    # The label is named, although it is the default: moto answers the version that was written last otherwise.
    read("read-rotated", SecretId=db, VersionStage="AWSCURRENT")
    read("read-before-rotation", SecretId=db, VersionStage="AWSPREVIOUS")
    # botocore has no paginator for this one.
    stages, more = {}, {}
    while True:
        page = client.list_secret_version_ids(SecretId=db, IncludeDeprecated=True, MaxResults=1, **more)
        stages |= {version["VersionId"]: version.get("VersionStages", []) for version in page["Versions"]}
        if not page.get("NextToken"):
            break
        more = {"NextToken": page["NextToken"]}
    print_step("versions", {"VersionIdsToStages": stages})

    step("roll-back", move, "ARN", "Name", SecretId=db, VersionStage="AWSCURRENT", MoveToVersionId=second,
         RemoveFromVersionId=third)
    read("read-rolled-back", SecretId=db, VersionStage="AWSCURRENT")
    read("read-rolled-back-from", SecretId=db, VersionStage="AWSPREVIOUS")

    described = ("ARN", "Name", "Description", "Tags", "VersionIdsToStages")
    step("describe", client.describe_secret, *described, SecretId=db)
    step("tag", client.tag_resource, SecretId=db, Tags=[{"Key": "owner", "Value": f"{CANARY} owner"}])
    step("untag", client.untag_resource, SecretId=db, TagKeys=["stage"])
    step("describe-tagged", client.describe_secret, *described, SecretId=db)
    step("put-policy", client.put_resource_policy, "ARN", "Name", SecretId=db, ResourcePolicy=policy())
    step("get-policy", client.get_resource_policy, "ARN", "Name", "ResourcePolicy", SecretId=db)
    step("delete-policy", client.delete_resource_policy, "ARN", "Name", SecretId=db)

    pages = client.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": [name]}], PaginationConfig={"PageSize": 1}
    )
    print_step("list", {"Names": [secret["Name"] for page in pages for secret in page["SecretList"]]})
    batch = client.batch_get_secret_value(SecretIdList=[db, cert])
    print_step("batch", {"SecretValues": [only(value, *VALUE) for value in batch["SecretValues"]]})

    step("delete", client.delete_secret, "ARN", "Name", SecretId=db, RecoveryWindowInDays=7)
    read("read-deleted", SecretId=db)
    step("restore", client.restore_secret, "ARN", "Name", SecretId=db)
    read("read-restored", SecretId=db)
    for secret_id in (db, cert):
        step("delete-for-good", client.delete_secret, "ARN", "Name", SecretId=secret_id, ForceDeleteWithoutRecovery=True)


main()
