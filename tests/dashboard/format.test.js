import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../../dashboard/interbeat_dashboard/format.js";

/** What a reader sees: no-break and thin spaces are spaces. */
const plain = (text) => text.replace(/[\u00a0\u2009]/g, " ");

test("elapsed time always has hours and never runs ahead", () => {
  assert.equal(format.clock(2537.99), "0:42:17");
  assert.equal(format.clock(36000), "10:00:00");
  assert.equal(format.clock(-0.2), "0:00:00");
});

test("a moment has hours only from an hour on", () => {
  assert.equal(format.moment(1662), "27:42");
  assert.equal(format.moment(3852), "1:04:12");
});

test("a duration is rounded to the unit it is told in", () => {
  const told = [45.4, 59.7, 1680, 3599, 3852].map((s) => plain(format.duration(s)));
  assert.deepEqual(told, ["45 s", "1 min", "28 min", "1 h 00 min", "1 h 04 min"]);
});

test("an age has tenths only while they mean something", () => {
  const told = [0.42, 9.94, 9.96, 59.9, 185].map((s) => plain(format.age(s)));
  assert.deepEqual(told, ["0.4 s", "9.9 s", "9 s", "59 s", "3 min"]);
});

test("an unknown value is a dash, never a number", () => {
  for (const told of [format.age(null), format.whole(null), format.percent(null)]) {
    assert.equal(told, format.UNKNOWN);
    assert.doesNotMatch(told, /\d/);
  }
});

test("a share keeps one digit below ten per cent and none at zero", () => {
  const told = [0, 0.0123, 0.0996, 0.5].map((share) => plain(format.percent(share)));
  assert.deepEqual(told, ["0 %", "1.2 %", "10 %", "50 %"]);
});

test("signs are real minus signs and zero has none", () => {
  assert.deepEqual([5, 0, -2.5].map(format.signed), ["+5", "0", "\u22122.5"]);
  assert.deepEqual([0.414, -0.004, -0.4].map(format.correlation), ["+0.41", "0.00", "\u22120.40"]);
});

test("the right edge is now and the rest is before it", () => {
  assert.deepEqual(
    [0, 30, 120].map((s) => plain(format.before(s))),
    ["now", "\u221230 s", "\u22122 min"],
  );
});

test("sizes keep two digits where one would mislead", () => {
  const told = [999, 240_000, 999_600, 4_300_000, 11_400_000].map((n) => plain(format.size(n)));
  assert.deepEqual(told, ["999 bytes", "240 kB", "1.0 MB", "4.3 MB", "11 MB"]);
});

test("a date is told in the reader's time zone and an unreadable one is named so", () => {
  const late = "2026-11-17T23:30:00Z";
  assert.equal(format.day(late, "UTC"), "Tue 17 Nov");
  assert.equal(format.day(late, "Europe/Berlin"), "Wed 18 Nov");
  assert.equal(format.timeOfDay(late, "Europe/Berlin"), "00:30");
  assert.equal(format.month(late, "UTC"), "November 2026");
  assert.equal(format.day("soon"), "date unknown");
  assert.equal(format.day(null), "date unknown");
});

test("one of a thing is singular", () => {
  assert.deepEqual(
    [0, 1, 5].map((n) => format.count(n, "session")),
    ["0 sessions", "1 session", "5 sessions"],
  );
  assert.deepEqual(
    [60, 300, 45].map((s) => plain(format.spanWords(s))),
    ["1 minute", "5 minutes", "45 seconds"],
  );
});

test("the last minute is not the last 1 minute", () => {
  assert.deepEqual(
    [60, 300].map((s) => plain(format.lastSpan(s))),
    ["last minute", "last 5 minutes"],
  );
});
