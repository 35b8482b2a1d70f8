import assert from "node:assert/strict";
import { test } from "node:test";
import { ageNow, batteryWarning, rawNote, signalWords } from "../../dashboard/interbeat_dashboard/signal.js";
import { signal } from "./messages.js";

const text = (words) => words.text.replaceAll("\u00a0", " ");

test("an age counts on between messages", () => {
  assert.equal(ageNow(signal({ age_s: 0.5 }), 2), 2.5);
  assert.equal(ageNow(signal({ age_s: null }), 2), null);
});

test("a silent strap turns stale without any message", () => {
  const fresh = signalWords(signal(), 2.9, 3);
  const stale = signalWords(signal(), 5.2, 3);
  assert.deepEqual([fresh.state, fresh.fresh], ["streaming", true]);
  assert.deepEqual([stale.state, stale.fresh, text(stale)], ["stale", false, "stale, 5 s old"]);
});

test("a strap that cannot tell contact is not said to have it", () => {
  assert.equal(signalWords(signal({ contact: null }), 0.4, 3).text, "signal good");
  assert.equal(signalWords(signal({ contact: true }), 0.4, 3).text, "contact good");
});

test("no contact names how long and what to do", () => {
  const words = signalWords(signal({ state: "no_contact", contact: false }), 0.4, 3, 19.3);
  assert.equal(text(words), "no contact, 19 s");
  assert.match(words.remedy, /Moisten/);
  assert.equal(words.fresh, false);
});

test("what is recorded beside the intervals is said with its owners, and nothing where it is not", () => {
  const labels = { a: "Ana", b: "Ben" };
  const note = (a, b) => rawNote({ a: signal({ raw: a }), b: signal({ raw: b }) }, labels);
  assert.equal(rawNote(null, labels), "");
  assert.equal(note([], []), "");
  assert.match(note(["ecg"], []), /: ECG of Ana\. It stays/);
  assert.match(note(["ecg", "acceleration"], ["ecg"]), /: ECG of Ana and Ben; acceleration of Ana\./);
});

test("a heart rate of 0 is a search, not a lost strap", () => {
  const words = signalWords(signal({ state: "no_pulse" }), 0.4, 3, 8);
  assert.equal(text(words), "searching for a pulse, 8 s");
  assert.match(words.remedy, /hold still/);
  assert.equal(words.fresh, false);
});

test("a rest between attempts is told as an attempt", () => {
  const words = signalWords(signal({ state: "backoff", reason: "out of reach" }), 9, 3);
  assert.deepEqual([words.text, words.remedy], ["lost, trying again", "out of reach"]);
});

test("only a low battery is worth a word", () => {
  assert.match(batteryWarning(signal({ battery_percent: 9 })), /low, 9/);
  assert.equal(batteryWarning(signal({ battery_percent: 16 })), "");
  assert.equal(batteryWarning(signal({ battery_percent: null })), "");
  assert.equal(batteryWarning(null), "");
});

test("every state has words of its own", () => {
  const states = [
    ...["scanning", "connecting", "streaming", "stale", "no_contact", "no_pulse", "lost"],
  ];
  const told = states.map((state) => signalWords(signal({ state }), 1, 3).text);
  assert.equal(new Set(told).size, states.length);
  assert.ok(told.every((words) => words.length > 0));
});

test("nothing is claimed before the first message", () => {
  assert.equal(signalWords(null, null, 3).fresh, false);
});
