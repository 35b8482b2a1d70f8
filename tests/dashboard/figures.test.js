import assert from "node:assert/strict";
import test from "node:test";
import { figureNote, figureWhy } from "../../dashboard/interbeat_dashboard/figures.js";

const OK = { state: "ok", reason: null };
const NOISY = { state: "off", reason: "signal too noisy to say: 31 % of the beats corrected" };
const short = (reason, state = "off") => ({ state, reason });

function hrv(mean_hr_bpm, rmssd_ms, changes = {}) {
  return {
    mean_hr_bpm: 70,
    rmssd_ms: 30,
    states: { mean_hr_bpm, rmssd_ms },
    beats: 71,
    artifact_share: 0.014,
    ...changes,
  };
}

test("nothing is explained when all is well", () => {
  assert.equal(figureWhy(hrv(OK, OK)), "");
});

test("one reason for all figures is said once, as a sentence", () => {
  assert.equal(
    figureWhy(hrv(NOISY, NOISY)),
    "Signal too noisy to say: 31 % of the beats corrected",
  );
});

test("a figure in doubt is named with its reason", () => {
  const doubt = short("45 s seen, 60 s needed to be sure", "grey");
  assert.equal(figureWhy(hrv(OK, doubt)), "RMSSD: 45 s seen, 60 s needed to be sure");
});

test("at first the page says how far it is", () => {
  assert.equal(figureWhy(null), "Not enough clean data yet");
  const none = short("no beats");
  assert.equal(figureWhy(hrv(none, none, { beats: 0 })), "Not enough clean data yet");
  const early = hrv(short("4 s seen, 10 s needed"), short("4 s seen, 30 s needed"));
  assert.equal(figureWhy(early), "Not enough clean data yet: 4 s seen, 10 s needed");
});

test("what was counted stands beside, and nothing is counted of nothing", () => {
  assert.match(figureNote(hrv(OK, OK)), /^71.beats counted · 1/);
  assert.equal(figureNote(hrv(NOISY, NOISY, { beats: 0 })), "");
  assert.equal(figureNote(null), "");
});
