import assert from "node:assert/strict";
import { test } from "node:test";
import {
  announcement,
  bars,
  batteryWords,
  chosen,
  connectWords,
  headline,
  lesson,
  rawOwners,
  rememberedChoice,
  strapState,
} from "../../dashboard/interbeat_dashboard/pairing.js";
import { gaps, pieces } from "../../dashboard/interbeat_dashboard/trace.js";

const labels = { a: "Ana", b: "Ben" };

function strap(changes = {}) {
  return {
    id: "01",
    name: "Polar H10 AAAA",
    model: "Polar H10",
    link: { state: "streaming", reason: "" },
    trouble: null,
    remedy: null,
    hr_bpm: 70,
    contact: true,
    rr_seen: true,
    raw: [],
    battery_percent: 80,
    trace: { ago_s: [], bpm: [] },
    identified: null,
    checks: [],
    ...changes,
  };
}

function found(id, changes = {}) {
  return { id, name: `Strap ${id}`, model: "", signal: "strong", rr: "yes", remark: null, ...changes };
}

function pairing(changes = {}) {
  return {
    step: "identify",
    problem: null,
    scanning: false,
    virtual: false,
    found: [],
    remembered: { a: null, b: null },
    labels,
    partners: { a: strap(), b: strap({ id: "02", name: "Polar H10 BBBB" }) },
    identity: { asked: "a", state: "lift", happened: null, swapped: false },
    pair_checks: [],
    check_s: 0,
    check_needed_s: 30,
    warning: null,
    can_start: "no",
    ...changes,
  };
}

test("every step says what to do now, in words of its own", () => {
  const steps = ["find", "identify", "check", "ready"].map((step) => headline(pairing({ step })));
  assert.equal(new Set(steps.map(({ title }) => title)).size, 4);
  assert.ok(steps.every(({ title, lead }) => title && lead));
});

test("the one who is asked is named, and the other is told to sit still", () => {
  const { title, lead } = headline(pairing());
  assert.match(title, /^Ana, lift/);
  assert.match(lead, /Ben, sit still/);
});

test("a missing Bluetooth is told with the server's own next step", () => {
  const problem = "Bluetooth is off. Switch it on in the settings of the system.";
  assert.equal(headline(pairing({ step: "find", problem })).lead, problem);
});

test("swapped roles are said with the strap's name", () => {
  const identity = { asked: "b", state: "settling", happened: "swapped", swapped: true };
  assert.match(lesson(pairing({ identity })), /swapped now: Polar H10 AAAA is on Ana/);
});

test("a lift of both names the one who is to lift", () => {
  const identity = { asked: "b", state: "settling", happened: "both", swapped: false };
  assert.match(lesson(pairing({ identity })), /Only Ben lifts/);
});

test("each trouble of a strap has a shape and words of its own", () => {
  const troubles = ["link", "silent", "contact", "pulse", "rr", "wild", null];
  const states = troubles.map((trouble) =>
    strapState(strap({ trouble, remedy: "So it is. Do this.", link: { state: "backoff", reason: "" } })),
  );
  assert.equal(new Set(states.map(({ text }) => text)).size, troubles.length);
  assert.equal(states[2].remedy, "Do this.");
  assert.equal(states[6].remedy, "");
});

test("a strap belongs to one person at most", () => {
  const one = chosen({ a: null, b: null }, "a", "01");
  assert.deepEqual(one, { a: "01", b: null });
  assert.deepEqual(chosen(one, "b", "01"), { a: null, b: "01" });
  assert.deepEqual(chosen(one, "a", "01"), one);
  assert.deepEqual(chosen(one, "a", "02"), { a: "02", b: null });
});

test("straps of last time are chosen again when they are here and of use", () => {
  const remembered = { a: "01", b: "02" };
  assert.deepEqual(rememberedChoice([found("01"), found("02")], remembered), remembered);
  assert.deepEqual(rememberedChoice([found("01")], remembered), { a: "01", b: null });
  assert.deepEqual(rememberedChoice([found("02", { rr: "no" })], remembered), { a: null, b: null });
});

test("the button says who has no strap yet", () => {
  assert.match(connectWords({ a: null, b: null }, labels), /each/);
  assert.match(connectWords({ a: "01", b: null }, labels), /Ben/);
  assert.match(connectWords({ a: "01", b: "02" }, labels), /Connect/);
});

test("signal and battery are told in words, not only in bars", () => {
  assert.deepEqual(bars("weak"), { filled: 1, text: "signal weak" });
  assert.deepEqual(bars(null), { filled: 0, text: "" });
  assert.match(batteryWords(9), /low/);
  assert.doesNotMatch(batteryWords(78), /low/);
  assert.equal(batteryWords(null), "");
});

test("a screen reader hears a remedy with the name of its wearer", () => {
  const partners = { a: strap(), b: strap({ trouble: "contact", remedy: "Moisten the electrodes." }) };
  assert.match(announcement(pairing({ step: "check", partners })), /Ben: Moisten the electrodes/);
});

test("no line is drawn across a gap", () => {
  const trace = { ago_s: [18, 17, 16, 8, 7, 1], bpm: [60, 61, 62, 70, 71, 72] };
  assert.deepEqual(
    pieces(trace, 20).map((piece) => piece.length),
    [3, 2, 1],
  );
});

test("a calm heart stays calm in its picture", () => {
  const [[first, second]] = pieces({ ago_s: [2, 1], bpm: [60, 61] }, 20);
  assert.ok(first.y - second.y < 0.05);
  assert.ok(second.x > first.x);
});

test("where nothing came is hatched, also at the end", () => {
  assert.deepEqual(gaps({ ago_s: [15, 10, 9, 5] }, 20), [[0.25, 0.5], [0.55, 0.75], [0.75, 1]]);
  assert.deepEqual(gaps({ ago_s: [2, 1] }, 20), []);
  assert.deepEqual(gaps({ ago_s: [] }, 20), []);
});

test("raw signals are offered once both straps are connected, with whose they are", () => {
  const h10 = strap({ raw: ["ecg", "acceleration"] });
  const both = { step: "check", partners: { a: h10, b: h10 } };
  assert.equal(rawOwners("ecg", pairing(both)), "From both straps, Ana's and Ben's");
  assert.equal(rawOwners("ecg", pairing({ ...both, step: "identify" })), "");
  const one = pairing({ step: "ready", partners: { a: strap(), b: h10 } });
  assert.equal(rawOwners("acceleration", one), "From Ben's strap only; Ana's does not offer it");
  const silent = { a: h10, b: strap({ rr_seen: false }) };
  assert.equal(rawOwners("ecg", pairing({ ...both, partners: silent })), "");
  assert.equal(rawOwners("ecg", pairing({ ...both, partners: { a: strap(), b: strap() } })), "");
});
