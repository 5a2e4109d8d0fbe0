// The application of the client tests, with the AWS SDK for JavaScript v3. The same steps are in ../app_boto3.py.
import { randomBytes } from "node:crypto";
import * as sm from "@aws-sdk/client-secrets-manager";

const CANARY = process.env.APP_CANARY ?? "none";
const VALUE = ["ARN", "Name", "VersionId", "VersionStages", "SecretString", "SecretBinary"];
const WRITTEN = ["ARN", "Name", "VersionId", "VersionStages"];
const client = new sm.SecretsManagerClient({});

const print = (line) => process.stdout.write(JSON.stringify(line) + "\n");

// These members of a response, where they are there; bytes as base64.
function only(response, members) {
  const kept = members.filter((member) => response[member] !== undefined);
  return Object.fromEntries(
    kept.map((member) => {
      const value = response[member];
      return [member, value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value];
    }),
  );
}

// Sends a command, prints what came of it, and returns the response, or nothing where it is an error.
async function step(name, command, members = []) {
  let response;
  try {
    response = await client.send(command);
  } catch (error) {
    // What is no answer of the service ends the program.
    if (!(error instanceof sm.SecretsManagerServiceException)) throw error;
    print({ step: name, error: error.name });
    return undefined;
  }
  print({ step: name, out: only(response, members) });
  return response;
}

const read = (name, input) => step(name, new sm.GetSecretValueCommand(input), VALUE);
const move = (name, input) => step(name, new sm.UpdateSecretVersionStageCommand(input), ["ARN", "Name"]);

function credentials(password) {
  return JSON.stringify({
    username: "app",
    password: password ?? CANARY + randomBytes(12).toString("base64url"),
    port: 5432,
  });
}

const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Deny",
      Principal: "*",
      Action: "secretsmanager:DeleteSecret",
      Resource: "*",
      Condition: { StringEquals: { "aws:PrincipalTag/team": CANARY } },
    },
  ],
});

const name = `app-${Date.now().toString(16)}${randomBytes(2).toString("hex")}`;
const db = `${name}-db`;
const cert = `${name}-cert`;
print({ step: "name", out: { Prefix: name } });

const { VersionId: first } = await step(
  "create",
  new sm.CreateSecretCommand({
    Name: db,
    Description: `${CANARY} of the application`,
    SecretString: credentials(),
    Tags: [
      { Key: "team", Value: `${CANARY} backend` },
      { Key: "stage", Value: "test" },
    ],
  }),
  WRITTEN,
);
const certificate = Buffer.concat([Buffer.from(`${CANARY} certificate `), randomBytes(40)]);
const created = await step(
  "create-binary",
  new sm.CreateSecretCommand({ Name: cert, SecretBinary: certificate }),
  WRITTEN,
);
await step("create-again", new sm.CreateSecretCommand({ Name: db, SecretString: credentials() }), WRITTEN);

const secret = JSON.parse((await read("read", { SecretId: db })).SecretString);
print({ step: "parse", out: { username: secret.username, SecretString: secret.password, port: secret.port } });
await read("read-binary", { SecretId: created.ARN });
await read("read-missing", { SecretId: `${name}-none` });

const { VersionId: second } = await step(
  "update",
  new sm.UpdateSecretCommand({
    SecretId: db,
    Description: `${CANARY} of the application, changed`,
    SecretString: credentials(),
  }),
  WRITTEN,
);
await read("read-updated", { SecretId: db });
await read("read-replaced", { SecretId: db, VersionStage: "AWSPREVIOUS" });
await read("read-by-version", { SecretId: db, VersionId: first });

// Rotation by hand: a new version waits as AWSPENDING, is tried, and becomes the current one.
const password = await step(
  "random",
  new sm.GetRandomPasswordCommand({ PasswordLength: 24, ExcludePunctuation: true }),
  ["RandomPassword"],
);
const { VersionId: third } = await step(
  "put-pending",
  new sm.PutSecretValueCommand({
    SecretId: db,
    SecretString: credentials(password.RandomPassword),
    VersionStages: ["AWSPENDING"],
  }),
  WRITTEN,
);
await read("read-pending", { SecretId: db, VersionStage: "AWSPENDING" });
await read("read-while-pending", { SecretId: db });
await move("promote", { SecretId: db, VersionStage: "AWSCURRENT", MoveToVersionId: third, RemoveFromVersionId: second });
await move("no-longer-pending", { SecretId: db, VersionStage: "AWSPENDING", RemoveFromVersionId: third });
await read("read-rotated", { SecretId: db, VersionStage: "AWSCURRENT" });
await read("read-before-rotation", { SecretId: db, VersionStage: "AWSPREVIOUS" });
const stages = {};
const versions = { SecretId: db, IncludeDeprecated: true };
for await (const page of sm.paginateListSecretVersionIds({ client, pageSize: 1 }, versions)) {
  for (const version of page.Versions ?? []) stages[version.VersionId] = version.VersionStages ?? [];
}
print({ step: "versions", out: { VersionIdsToStages: stages } });

await move("roll-back", { SecretId: db, VersionStage: "AWSCURRENT", MoveToVersionId: second, RemoveFromVersionId: third });
await read("read-rolled-back", { SecretId: db, VersionStage: "AWSCURRENT" });
await read("read-rolled-back-from", { SecretId: db, VersionStage: "AWSPREVIOUS" });

const described = ["ARN", "Name", "Description", "Tags", "VersionIdsToStages"];
await step("describe", new sm.DescribeSecretCommand({ SecretId: db }), described);
await step("tag", new sm.TagResourceCommand({ SecretId: db, Tags: [{ Key: "owner", Value: `${CANARY} owner` }] }));
await step("untag", new sm.UntagResourceCommand({ SecretId: db, TagKeys: ["stage"] }));
await step("describe-tagged", new sm.DescribeSecretCommand({ SecretId: db }), described);
await step("put-policy", new sm.PutResourcePolicyCommand({ SecretId: db, ResourcePolicy: policy }), ["ARN", "Name"]);
await step("get-policy", new sm.GetResourcePolicyCommand({ SecretId: db }), ["ARN", "Name", "ResourcePolicy"]);
await step("delete-policy", new sm.DeleteResourcePolicyCommand({ SecretId: db }), ["ARN", "Name"]);

const names = [];
const filters = { Filters: [{ Key: "name", Values: [name] }] };
for await (const page of sm.paginateListSecrets({ client, pageSize: 1 }, filters)) {
  names.push(...page.SecretList.map((listed) => listed.Name));
}
print({ step: "list", out: { Names: names } });
const batch = await client.send(new sm.BatchGetSecretValueCommand({ SecretIdList: [db, cert] }));
print({ step: "batch", out: { SecretValues: batch.SecretValues.map((value) => only(value, VALUE)) } });

await step("delete", new sm.DeleteSecretCommand({ SecretId: db, RecoveryWindowInDays: 7 }), ["ARN", "Name"]);
await read("read-deleted", { SecretId: db });
await step("restore", new sm.RestoreSecretCommand({ SecretId: db }), ["ARN", "Name"]);
await read("read-restored", { SecretId: db });
for (const id of [db, cert]) {
  const forGood = new sm.DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true });
  await step("delete-for-good", forGood, ["ARN", "Name"]);
}
