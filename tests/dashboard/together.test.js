import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, emptyRun } from "../../dashboard/interbeat_dashboard/state.js";
import {
  beads,
  connectionSummary,
  gathering,
  indexWords,
  profileLines,
  profileSummary,
  quietCorner,
  rows,
  runsOf,
} from "../../dashboard/interbeat_dashboard/together.js";
import { hello, linkage } from "./messages.js";

const labels = { a: "Ana", b: "Ben" };
const point = (t_s, state, r = null) => ({ t_s, state, r, chance_r: r === null ? null : 0.3 });

test("the ring tells each one's clean share and the minutes that are missing", () => {
  const early = linkage({
    state: "not_enough_data",
    from_s: 0,
    to_s: 300,
    clean_s: { a: 240, b: 120 },
    joint_s: 120,
    more_s: 301,
  });
  const needed = { s: 480, share: 0.75 };
  const found = gathering(early, needed);
  assert.deepEqual(found.rings, { a: 0.5, b: 0.25 });
  assert.deepEqual([found.minutes, found.words], [6, "more minutes"]);
  assert.equal(gathering({ ...early, more_s: 60 }, needed).words, "more minute");
  assert.deepEqual(beads(found.beads, 8), [1, 1, 0, 0, 0, 0, 0, 0]);
  const noisy = { ...early, to_s: 1200, clean_s: { a: 900, b: 720 }, joint_s: 675 };
  assert.deepEqual(gathering(noisy, needed).rings, { a: 1, b: 0.8 }, "three quarters are needed");
  assert.equal(gathering(noisy, needed).beads, 0.75);
  for (const { value } of rows(linkage(noisy), labels)) assert.doesNotMatch(value, /min/);
});

test("before there is an answer every row says when, and none a number", () => {
  const shown = rows(linkage({ state: "not_enough_data", joint_s: 300 }), labels);
  for (const { value, range, span } of shown) {
    assert.match(value, /^at (8|20).min$/);
    assert.deepEqual([range, span], ["", null]);
  }
});

test("figures come with their ranges, and a lead only with a claim", () => {
  const found = linkage({ state: "linked", r: 0.41, r_low: 0.26, r_high: 0.56 });
  Object.assign(found, { own_share: 0.894, own_low: 0.752, own_high: 0.979 });
  found.settling = { ...found.settling, low_s: 7.6, high_s: 13.2 };
  found.settling.half_decay_s = { a: 9, b: 11, pair: 9.9 };
  const by = Object.fromEntries(rows(found, labels).map((row) => [row.name, row]));
  assert.deepEqual([by.r.value, by.r.range], ["0.41", "0.26 to 0.56"]);
  assert.deepEqual([by.settling.value, by.settling.range], ["10\u00a0s", "8 to 13"]);
  assert.deepEqual([by.own_share.value, by.own_share.range], ["89\u00a0%", "75 to 98"]);
  assert.equal(by.lag.value, "within seconds");
  assert.equal(by.lead.value, "no lead shown");
  const claimed = { ...found, lead: { ...found.lead, claim: "b" } };
  assert.equal(rows(claimed, labels).find((row) => row.name === "lead").value, "Ben seen first");
});

test("the index is locked with progress, undecided without a numeral, or shown with its range", () => {
  const known_s = { a: 1680, b: 1720 };
  const short = linkage({
    index: { value: null, low: null, high: null, state: "locked", reason: "reference_too_short" },
    reference: { known_s, needed_s: 2280 },
  });
  const locked = indexWords(short, labels);
  assert.equal(locked.word, "locked");
  assert.ok(Math.abs(locked.progress - 1680 / 2280) < 1e-12);
  assert.match(locked.progressWords, /Ana 28, Ben 28 of 38 clean minutes/);
  const open = { value: 58.2, low: 31, high: 88, state: "undecided", reason: "range_holds_50" };
  const undecided = indexWords(linkage({ index: open }), labels);
  assert.deepEqual([undecided.word, undecided.bar.value], ["undecided", null]);
  const value = { value: 58.2, low: 51, high: 71, state: "shown", reason: null };
  const shown = indexWords(linkage({ index: value }), labels);
  assert.deepEqual([shown.word, shown.range], ["58", "likely 51 to 71"]);
  assert.equal(shown.progress, null);
});

test("the profile has its band around zero, the partner who is first on the right at the right", () => {
  const profile = Array.from({ length: 31 }, (_, i) => (i === 22 ? 0.45 : 0.1));
  const lines = profileLines(profile, 0.25, { width: 300, height: 100 });
  assert.equal(lines.middle, 50);
  assert.ok(Math.abs(lines.band.y + lines.band.height / 2 - 50) < 1e-9);
  assert.ok(Math.abs(lines.peak.x - 220) < 1e-9);
  assert.ok(lines.peak.y < lines.band.y, "a peak beyond chance stands above the band");
  const sentence = profileSummary(linkage({ profile, chance_band: 0.25, r: 0.45 }), labels);
  assert.match(sentence, /Ben first on the left and Ana first on the right/);
  assert.match(sentence, /chance correlations lie within 0\.25/);
});

test("the word of the chance band stands in the corner that the line leaves free", () => {
  const band = { y: 20, height: 40 };
  const [top, bottom] = [33, 55];
  const low = Array.from({ length: 31 }, (_, i) => (i < 15 ? 54 : 5));
  assert.deepEqual(quietCorner(low, band, 300), { x: 296, y: bottom, anchor: "end" });
  const along = Array.from({ length: 31 }, () => 58);
  assert.deepEqual(quietCorner(along, band, 300), { x: 4, y: top, anchor: "start" });
  const unknown = along.map(() => null);
  assert.equal(quietCorner(unknown, band, 300).anchor, "start");
});

test("the lane is cut where the state changes, and told in a sentence", () => {
  const points = [
    point(5, "not_enough_data"),
    point(10, "not_enough_data"),
    point(15, "no_linkage", 0.1),
    point(20, "linked", 0.4),
  ];
  assert.deepEqual(runsOf(points).map((run) => run.length), [2, 1, 1]);
  assert.match(connectionSummary(points), /is 0\.40; chance reaches 0\.30/);
  assert.match(connectionSummary(points), /beyond chance at 1 of 2 moments/);
  assert.match(connectionSummary(points.slice(0, 2)), /no joint number is shown yet/);
});

test("points that come again after a lost connection are kept once", () => {
  const run = emptyRun();
  apply(run, hello());
  const send = (t_s, ...moments) =>
    apply(run, {
      type: "connection",
      seq: t_s,
      t_s,
      points: moments.map((each) => point(each, "no_linkage", 0.1)),
    });
  send(30, 10, 20, 30);
  send(30, 20, 30);
  send(35, 35);
  assert.deepEqual(run.points.map((each) => each.t_s), [10, 20, 30, 35]);
  apply(run, linkage({ t_s: 35 }));
  assert.equal(run.linkage.t_s, 35);
  apply(run, hello({ epoch: 2 }));
  assert.deepEqual([run.points, run.linkage], [[], null], "a jump begins anew");
});
