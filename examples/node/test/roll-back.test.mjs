import assert from "node:assert/strict";
import { test } from "node:test";

import { Password } from "../passwords.mjs";
import { session } from "../session.mjs";

test("a rotation can be taken back", async () => {
  const password = new Password(await session("roll-back"), `app-${Date.now()}`);
  await password.create("first");
  const rotated = await password.rotate();
  await password.rollBack();
  assert.equal(await password.read(), "first");
  assert.equal(await password.read("AWSPREVIOUS"), rotated);
  await password.delete();
});

test("there may be no password", async () => {
  const password = new Password(await session("nothing"), `app-${Date.now()}`);
  assert.equal(await password.read(), undefined);
});
