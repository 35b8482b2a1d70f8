import assert from "node:assert/strict";
import { test } from "node:test";
import {
  eased,
  spread,
  timeTicks,
  valueRange,
  valueTicks,
} from "../../dashboard/interbeat_dashboard/axis.js";

const view = (mode, now_s, window_s) => ({ mode, now_s, window_s, from_s: now_s - window_s });
const labels = (ticks) => ticks.map((tick) => tick.label.replaceAll("\u00a0", " "));

test("a live axis ends with now and counts back in whole minutes", () => {
  const ticks = timeTicks(view("live", 1000.3, 300), 12);
  assert.deepEqual(labels(ticks), [
    "now",
    "\u22121 min",
    "\u22122 min",
    "\u22123 min",
    "\u22124 min",
    "\u22125 min",
  ]);
  assert.equal(ticks[0].t_s, 1000.3);
});

test("a narrow axis has fewer ticks and still says now", () => {
  for (const window_s of [60, 300, 1800]) {
    const ticks = timeTicks(view("live", 5000, window_s), 4);
    assert.ok(ticks.length <= 4);
    assert.equal(ticks[0].label, "now");
  }
});

test("a replay's axis stands on the session's clock and never before its start", () => {
  const ticks = timeTicks(view("replay", 130.6, 300), 6);
  assert.deepEqual(labels(ticks), ["0:00", "1:00", "2:00"]);
});

test("value ticks are few, round and inside", () => {
  for (const range of [
    [54, 84],
    [40, 100],
    [50, 190],
  ]) {
    const ticks = valueTicks(range);
    assert.ok(ticks.length >= 3 && ticks.length <= 5, `${range}: ${ticks}`);
    assert.ok(ticks.every((tick) => tick % 5 === 0 && tick >= range[0] && tick <= range[1]));
  }
});

test("the range stays while values fit it and grows at once when they do not", () => {
  const first = valueRange([60, 85], null);
  assert.deepEqual(valueRange([61, 84], first), first);
  const grown = valueRange([60, 110], first);
  assert.ok(grown[1] >= 110);
  assert.ok(valueRange([60, 85], grown)[1] < grown[1]);
});

test("the range never magnifies a quiet heart into a storm", () => {
  const [low, high] = valueRange([70, 71], null);
  assert.ok(high - low >= 30);
  assert.deepEqual(valueRange(null, [40, 90]), [40, 90]);
});

test("easing arrives", () => {
  let range = [50, 90];
  for (let i = 0; i < 20; i++) range = eased(range, [60, 120], 0.35);
  assert.deepEqual(range, [60, 120]);
});

test("labels keep their distance, their order and the chart", () => {
  for (const [first, second] of [
    [100, 104],
    [104, 100],
    [2, 1],
    [299, 298],
    [50, 200],
    [100, 100],
  ]) {
    const [p, q] = spread([first, second], 26, 14, 286);
    assert.ok(Math.abs(p - q) >= 26);
    assert.ok(Math.min(p, q) >= 14 && Math.max(p, q) <= 286, `${first} ${second}: ${p} ${q}`);
    if (first !== second) assert.equal(p < q, first < second);
  }
  assert.deepEqual(spread([50, 200], 26, 14, 286), [50, 200]);
});
