// Runs tests beside one `smcheck serve recordings`: node smcheck.mjs node --test
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// Starts the server; processes that are started after it inherit where it is. Jest and Vitest call this as globalSetup.
export async function start() {
  const recordings = fileURLToPath(new URL("recordings", import.meta.url));
  const command = [process.env.SMCHECK ?? "smcheck", "serve", recordings, "--port", "0"];
  const server = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
  const failed = new Promise((_, reject) => server.once("error", reject));
  const listening = (async () => {
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.startsWith("listening on ")) return line.split(" ").at(-1);
    }
    throw new Error("smcheck serve did not start");
  })();
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = await Promise.race([listening, failed]);
  process.env.AWS_REGION = "us-east-1";
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = process.env.RECORDING ? undefined : await start();
  const tests = spawn(process.argv[2], process.argv.slice(3), { stdio: "inherit" });
  tests.once("exit", (code) => {
    server?.kill();
    process.exitCode = code ?? 1;
  });
}
