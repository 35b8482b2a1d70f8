import assert from "node:assert/strict";
import test from "node:test";
import {
  baselineNote,
  figureNote,
  figureWhy,
  ownWords,
} from "../../dashboard/interbeat_dashboard/figures.js";

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

function compared(standing, changes = {}) {
  const found = { standing, baseline: 31.4, ratio: 1.7, difference: 20, reason: null };
  const own = { from_s: 60, to_s: 361, state: "ok", reason: null, clean_s: 300, needed_s: 120 };
  const both = { mean_hr_bpm: found, rmssd_ms: found };
  return hrv(OK, OK, { baseline: { ...own, compared: both, ...changes } });
}

test("a figure is set beside the own baseline in calm words", () => {
  const words = (standing) => ownWords(compared(standing), "rmssd_ms", "ms");
  assert.equal(words("higher"), "higher than your own baseline of 31\u00a0ms");
  assert.equal(words("lower"), "lower than your own baseline of 31\u00a0ms");
  assert.equal(words("about"), "about your baseline of 31\u00a0ms");
  assert.equal(words("unknown"), "not compared with your baseline of 31\u00a0ms");
});

test("nothing is compared without a figure or without a baseline", () => {
  const off = { ...compared("unknown"), rmssd_ms: null };
  assert.equal(ownWords(off, "rmssd_ms", "ms"), "");
  const early = compared("about", { state: "gathering", compared: null });
  assert.equal(ownWords(early, "rmssd_ms", "ms"), "");
  assert.equal(ownWords(hrv(OK, OK, { baseline: null }), "rmssd_ms", "ms"), "");
  assert.equal(ownWords(hrv(OK, OK), "rmssd_ms", "ms"), "");
});

test("the page says how far the own baseline is, and why one is not used", () => {
  const note = (changes) => baselineNote(compared("about", changes));
  assert.equal(baselineNote(null), "");
  assert.equal(baselineNote(hrv(OK, OK, { baseline: null })), "");
  assert.match(note({ state: "gathering", clean_s: 45.9 }), /45.s of 120.s of clean signal so far/);
  assert.match(note({ state: "gathering", clean_s: 130 }), /enough clean signal/);
  assert.match(note({ state: "waiting" }), /once a minute has passed/);
  assert.match(note({ state: "too_short", clean_s: 80 }), /too short: 80.s of 120.s/);
  const reason = "signal too noisy to say: 31 % of the beats corrected";
  assert.equal(note({ state: "noisy", reason }), `Own baseline not used: ${reason}`);
  assert.equal(note({}), "Own baseline: 0:01:00 to 0:06:01");
});
