import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

// A client in a session of its own, which plays the recording of that name.
export async function session(name) {
  if (process.env.RECORDING) return new SecretsManagerClient({});
  const made = await fetch(`${process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER}/_smcheck/sessions/${name}`, {
    method: "POST",
    body: JSON.stringify({ recording: name }),
  });
  if (!made.ok) throw new Error(await made.text());
  return new SecretsManagerClient({ credentials: { accessKeyId: name, secretAccessKey: "any" } });
}
