import assert from "node:assert/strict";
import { test } from "node:test";
import { rhythms } from "../../dashboard/interbeat_dashboard/charts.js";
import { keyOf } from "../../dashboard/interbeat_dashboard/markers.js";
import { emptyRun, apply } from "../../dashboard/interbeat_dashboard/state.js";
import {
  heartRateSummary,
  signalSummary,
  stripSummary,
} from "../../dashboard/interbeat_dashboard/summary.js";
import { hello, tick } from "./messages.js";

const view = { from_s: -290, now_s: 10, window_s: 300, mode: "live" };

function run() {
  const made = emptyRun();
  for (const message of [hello(), tick(1, 9.75, 66), tick(2, 10, 74)]) apply(made, message);
  return made;
}

test("the chart is told in one sentence that does not hide what is unknown", () => {
  const sentence = heartRateSummary(run(), view);
  assert.match(sentence, /Ana between 66 and 74 beats per minute, last 74/);
  assert.match(sentence, /nothing known of Ben yet/);
});

test("the strip is told by its newest column at the lag of zero", () => {
  const made = run();
  assert.equal(stripSummary(made, view), "No window is complete yet.");
  const columns = [{ t_s: -6, r: [-0.9, 0.31, 0.9] }];
  apply(made, { type: "col", seq: 3, t_s: 10, columns, hrv: { a: {}, b: {} } });
  assert.match(stripSummary(made, view), /16.s back; its correlation at the same time is \+0\.31/);
});

test("both good signals are one sentence, anything else names the person", () => {
  const good = { state: "streaming", text: "contact good", remedy: "", fresh: true };
  const lost = { state: "lost", text: "lost, trying again", remedy: "", fresh: false };
  assert.equal(signalSummary(run(), { a: good, b: good }), "Ana and Ben: both signals good.");
  assert.match(signalSummary(run(), { a: good, b: lost }), /Ben: lost/);
});

test("the slow line starts on a fixed moment, so that its dashes do not crawl", () => {
  const starts = [100.25, 101.5, 119].map((from_s) => {
    const { a } = rhythms(run(), { from_s, now_s: from_s + 300, window_s: 300, mode: "live" });
    return a.t[0];
  });
  assert.deepEqual(starts, [60, 60, 60]);
});

test("labels with a key show it and free text shows M", () => {
  assert.deepEqual(["baseline", "break", "about my mother"].map(keyOf), ["1", "4", "M"]);
});
