import assert from "node:assert/strict";
import { test } from "node:test";

import { Password } from "../passwords.mjs";
import { session } from "../session.mjs";

test("a rotation keeps the old password", async () => {
  const password = new Password(await session("rotation"), `app-${Date.now()}`);
  await password.create("first");
  const current = await password.rotate();
  assert.equal(await password.read(), current);
  assert.equal(await password.read("AWSPREVIOUS"), "first");
  await password.delete();
});
