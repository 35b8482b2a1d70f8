import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { paced } from "../../dashboard/interbeat_dashboard/frames.js";

let now_ms = 0;

beforeEach(() => {
  now_ms = 0;
  mock.restoreAll();
  mock.method(performance, "now", () => now_ms);
  globalThis.requestAnimationFrame = (frame) =>
    void waiting.push({ at_ms: now_ms + 16, then: frame });
  mock.method(
    globalThis,
    "setTimeout",
    (then, ms) => void waiting.push({ at_ms: now_ms + ms, then }),
  );
});

/** @type {{ at_ms: number, then: (at_ms: number) => void }[]} */
const waiting = [];

/** Let time pass, asking for a drawing every `every_ms`. */
function pass(seconds, every_ms, ask) {
  for (const end_ms = now_ms + 1000 * seconds; now_ms < end_ms; now_ms++) {
    if (now_ms % every_ms === 0) ask();
    const due = waiting.filter((each) => each.at_ms <= now_ms);
    for (const each of due) {
      waiting.splice(waiting.indexOf(each), 1);
      each.then(now_ms);
    }
  }
}

test("many messages are drawn together, four times a second at most", () => {
  let drawn = 0;
  pass(
    10,
    10,
    paced(
      () => drawn++,
      () => 250,
    ),
  );
  assert.ok(drawn <= 41 && drawn >= 38, `${drawn}`);
});

test("a quarter-second beat is drawn beat by beat", () => {
  let drawn = 0;
  pass(
    10,
    250,
    paced(
      () => drawn++,
      () => 250,
    ),
  );
  assert.ok(drawn >= 39, `${drawn}`);
});

test("after a pause the next message is drawn in the next frame", () => {
  const moments = [];
  const ask = paced(
    () => moments.push(now_ms),
    () => 250,
  );
  pass(1, 1000, ask);
  now_ms = 5000;
  ask();
  pass(0.05, 1000, () => {});
  assert.ok(moments.at(-1) - 5000 <= 17, `${moments}`);
});
