import assert from "node:assert/strict";
import { test } from "node:test";
import { connectWords, headline, resultWords, sharedWords } from "../../dashboard/interbeat_dashboard/calibration.js";
import { short, strapCard } from "../../dashboard/interbeat_dashboard/strap_card.js";

const strap = (name, trouble = null) => ({ name, trouble });
const both = { a: strap("Polar H10 AA"), b: strap("Movesense 17") };
const result = { offset_ms: -2204.4, sigma_ms: 4.2, matched: 151, reason: null };

function calibration(changes = {}) {
  return {
    step: "listen",
    problem: null,
    found: [strap("Polar H10 AA")],
    partners: both,
    result: null,
    accepted: false,
    clean_s: 12,
    needed_s: 120,
    ...changes,
  };
}

test("the later strap is named, with the range of the difference", () => {
  const words = resultWords(calibration({ step: "result", result }));
  assert.equal(words.figure.replaceAll("\u00a0", " "), "2204 ± 5 ms");
  assert.match(words.text, /later Polar H10 AA reports a heartbeat than Movesense 17, from 151 beats/);
  const other = resultWords(calibration({ result: { ...result, offset_ms: 2204 } }));
  assert.match(other.text, /later Movesense 17 reports/);
});

test("without a result its reason is told and no figure", () => {
  const none = { offset_ms: null, sigma_ms: null, matched: 3, reason: "Two hearts." };
  const failed = calibration({ step: "result", result: none });
  assert.equal(resultWords(failed), null);
  assert.equal(headline(failed).lead, "Two hearts.");
});

test("every step has a headline of its own", () => {
  const told = [
    calibration({ step: "find" }),
    calibration(),
    calibration({ clean_s: 121, needed_s: 150 }),
    calibration({ partners: { ...both, b: strap("Movesense 17", "contact") } }),
    calibration({ step: "result", result }),
    calibration({ step: "result", result, accepted: true }),
  ].map((document) => headline(document).title);
  assert.equal(new Set(told).size, told.length);
});

test("who is asked to sit for longer is told why, and for how long at most", () => {
  assert.match(headline(calibration()).title, /two minutes/);
  const longer = headline(calibration({ clean_s: 121, needed_s: 150 }));
  assert.equal(longer.title, "A little longer");
  assert.match(longer.lead, /not sure enough yet.*four minutes at most/);
});

test("a signal that breaks off comes before the wish to listen for longer", () => {
  const off = { ...both, b: strap("Movesense 17", "contact") };
  assert.match(headline(calibration({ needed_s: 150, partners: off })).title, /broke off/);
});

test("the button says which strap is missing", () => {
  assert.match(connectWords({ a: "01", b: null }), /second/);
  assert.match(connectWords({ a: "01", b: "02" }), /Connect/);
});

test("a strap is named as short as the card needs it", () => {
  assert.equal(short({ name: "Polar H10 8C4F21", model: "Polar H10" }), "H10 ··4F21");
  assert.equal(short({ name: "Polar H10 virtual 1", model: "Polar H10" }), "H10 virtual 1");
  assert.equal(short({ name: "HRM-Dual", model: "Garmin HRM-Dual" }), "HRM-Dual");
  assert.equal(short(null), "");
});

test("straps come first where there is Bluetooth, and where not the next step is told", () => {
  const none = { virtual: false, remembered: { a: null, b: null }, calibrations: [], labels: null };
  assert.equal(strapCard({ ...none, bluetooth_problem: null }).primary, "straps");
  const off = strapCard({ ...none, bluetooth_problem: "Bluetooth is off. Switch it on." });
  assert.deepEqual([off.primary, off.note], ["simulated", "Bluetooth is off. Switch it on."]);
});

test("of straps that nobody wears it is told which share a heart, of real ones nothing", () => {
  assert.equal(sharedWords([]), "");
  assert.match(sharedWords([["H10 1", "Movesense 3"]]), /the same person: H10 1 and Movesense 3\.$/);
});
