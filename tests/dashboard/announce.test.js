import assert from "node:assert/strict";
import { test } from "node:test";
import { announcer } from "../../dashboard/interbeat_dashboard/announce.js";

test("changes are said at most every 30 s, and then the newest", () => {
  const said = [];
  const waits = [];
  let now_ms = 0;
  const announce = announcer(
    (text) => said.push(text),
    () => now_ms,
    (then, ms) => waits.push({ then, ms }),
  );
  const run = () => waits.shift().then();

  announce("both good");
  run();
  now_ms = 5000;
  announce("Ben: stale");
  announce("Ben: no contact");
  assert.equal(waits.length, 1);
  assert.equal(waits[0].ms, 25_000);
  now_ms = 30_000;
  run();
  assert.deepEqual(said, ["both good", "Ben: no contact"]);
});

test("what has not changed is not repeated", () => {
  const said = [];
  const waits = [];
  const announce = announcer(
    (text) => said.push(text),
    () => 0,
    (then) => waits.push(then),
  );
  announce("good");
  waits.shift()();
  announce("lost");
  announce("good");
  waits.shift()();
  assert.deepEqual(said, ["good"]);
});
