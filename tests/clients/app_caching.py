"""An application that reads through AWS's caching client for Python, while another part of it changes the secret.

The cache asks DescribeSecret for the labels and GetSecretValue for a version, each again once it is old. With an interval of
no time every read looks at the service again.
"""

import base64

import botocore.session
from aws_secretsmanager_caching import InjectKeywordedSecretString, SecretCache, SecretCacheConfig
from botocore.exceptions import ClientError

from transcript import certificate, credentials, new_name, print_step

client = botocore.session.get_session().create_client("secretsmanager")
keeps = SecretCache(config=SecretCacheConfig(secret_refresh_interval=3600), client=client)
looks = SecretCache(config=SecretCacheConfig(secret_refresh_interval=0), client=client)


def read(step, cache, secret_id, stage=None):
    try:
        print_step(step, {"SecretString": cache.get_secret_string(secret_id, stage)})
    except ClientError as error:
        print_step(step, error=error.response["Error"]["Code"])


def main():
    name = new_name()
    db, cert = f"{name}-db", f"{name}-cert"
    print_step("name", {"Prefix": name})
    read("read-missing", keeps, f"{name}-none")

    first = client.create_secret(Name=db, SecretString=credentials())["VersionId"]
    client.create_secret(Name=cert, SecretBinary=certificate())
    print_step("create", {"VersionId": first})
    for _ in range(3):
        read("read", keeps, db)
    print_step("read-binary", {"SecretBinary": base64.b64encode(keeps.get_secret_binary(cert)).decode()})

    @InjectKeywordedSecretString(secret_id=db, cache=keeps, username="username", password="password")
    def log_in(username, password):
        print_step("log-in", {"username": username, "SecretString": password})

    log_in()

    pending = client.put_secret_value(SecretId=db, SecretString=credentials(), VersionStages=["AWSPENDING"])["VersionId"]
    print_step("put-pending", {"VersionId": pending})
    read("read-pending", looks, db, "AWSPENDING")
    read("read-while-pending", looks, db)
    client.update_secret_version_stage(
        SecretId=db, VersionStage="AWSCURRENT", MoveToVersionId=pending, RemoveFromVersionId=first
    )
    # One cache has not looked again, and answers what it has; the other finds the new version.
    read("read-kept", keeps, db)
    read("read-rotated", looks, db)
    read("read-previous", looks, db, "AWSPREVIOUS")
    for secret_id in (db, cert):
        client.delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)


main()
