// The application: keeps the password of a database in Secrets Manager, and changes it.
import * as sm from "@aws-sdk/client-secrets-manager";

export class Password {
  constructor(client, name) {
    this.client = client;
    this.name = name;
  }

  async create(password) {
    const SecretString = JSON.stringify({ username: "shop", password });
    await this.client.send(new sm.CreateSecretCommand({ Name: this.name, SecretString }));
  }

  // The password, or nothing where there is none.
  async read(stage = "AWSCURRENT") {
    try {
      const input = { SecretId: this.name, VersionStage: stage };
      const secret = await this.client.send(new sm.GetSecretValueCommand(input));
      return JSON.parse(secret.SecretString).password;
    } catch (error) {
      if (error instanceof sm.ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  // Makes a new password, and takes it into use.
  async rotate() {
    const random = await this.client.send(new sm.GetRandomPasswordCommand({ PasswordLength: 20 }));
    const password = random.RandomPassword;
    const pending = await this.client.send(
      new sm.PutSecretValueCommand({
        SecretId: this.name,
        SecretString: JSON.stringify({ username: "shop", password }),
        VersionStages: ["AWSPENDING"],
      }),
    );
    await this.moveCurrentTo(pending.VersionId);
    return password;
  }

  async rollBack() {
    await this.moveCurrentTo(await this.versionOf("AWSPREVIOUS"));
  }

  async moveCurrentTo(version) {
    await this.client.send(
      new sm.UpdateSecretVersionStageCommand({
        SecretId: this.name,
        VersionStage: "AWSCURRENT",
        MoveToVersionId: version,
        RemoveFromVersionId: await this.versionOf("AWSCURRENT"),
      }),
    );
  }

  async versionOf(stage) {
    const { VersionIdsToStages: versions } = await this.client.send(
      new sm.DescribeSecretCommand({ SecretId: this.name }),
    );
    return Object.keys(versions).find((version) => versions[version].includes(stage));
  }

  async delete() {
    await this.client.send(new sm.DeleteSecretCommand({ SecretId: this.name, ForceDeleteWithoutRecovery: true }));
  }
}
