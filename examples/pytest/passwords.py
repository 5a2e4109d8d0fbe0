"""The application: keeps the password of a database in Secrets Manager, and changes it."""

import json

PENDING, CURRENT, PREVIOUS = "AWSPENDING", "AWSCURRENT", "AWSPREVIOUS"


class Password:
    def __init__(self, client, name):
        self.client = client
        self.name = name

    def create(self, password):
        self.client.create_secret(Name=self.name, SecretString=json.dumps({"username": "shop", "password": password}))

    def read(self, stage=CURRENT):
        """The password, or None where there is none."""
        try:
            secret = self.client.get_secret_value(SecretId=self.name, VersionStage=stage)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return json.loads(secret["SecretString"])["password"]

    def rotate(self):
        """Makes a new password, and takes it into use."""
        new = self.client.get_random_password(PasswordLength=20)["RandomPassword"]
        secret = json.dumps({"username": "shop", "password": new})
        pending = self.client.put_secret_value(SecretId=self.name, SecretString=secret, VersionStages=[PENDING])
        self.move_current_to(pending["VersionId"])
        return new

    def roll_back(self):
        self.move_current_to(self.version_of(PREVIOUS))

    def move_current_to(self, version):
        self.client.update_secret_version_stage(
            SecretId=self.name, VersionStage=CURRENT, MoveToVersionId=version, RemoveFromVersionId=self.version_of(CURRENT)
        )

    def version_of(self, stage):
        versions = self.client.describe_secret(SecretId=self.name)["VersionIdsToStages"]
        return next(version for version, stages in versions.items() if stage in stages)

    def delete(self):
        self.client.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)
