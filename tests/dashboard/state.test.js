import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, behind_s, emptyRun, upToNow } from "../../dashboard/interbeat_dashboard/state.js";
import { hello, tick } from "./messages.js";

function started(...messages) {
  const run = emptyRun();
  for (const message of [hello(), ...messages]) apply(run, message);
  return run;
}

test("ticks become columns and unknown samples stay null", () => {
  const run = started(tick(1, 10), tick(2, 10.25, 71));
  assert.deepEqual(run.hr.a, { t: [9, 9.25], v: [70, 71] });
  assert.deepEqual(run.hr.b.v, [null, null]);
  assert.deepEqual(run.beats.a.v, [857.1, 857.1]);
  assert.equal(run.now_s, 10.25);
});

test("a provisional end is replaced by the next tick, and by what stays", () => {
  const run = started(tick(1, 10));
  assert.deepEqual(upToNow(run, "a"), { t: [9, 9.25], v: [70, 71] });
  apply(run, tick(2, 10.25, 68));
  assert.deepEqual(run.hr.a.v, [70, 68]);
  assert.deepEqual(upToNow(run, "a"), { t: [9, 9.25, 9.5], v: [70, 68, 69] });
  assert.deepEqual(upToNow(run, "a", 9.25), { t: [9.25, 9.5], v: [68, 69] });
});

test("a provisional end far from what stays is not joined to it", () => {
  const run = started(tick(1, 10));
  run.provisional.a = { t: [11], v: [72] };
  assert.deepEqual(upToNow(run, "a").v, [70, null, 72]);
});

test("how far the line is behind is measured, not assumed", () => {
  const run = started(tick(1, 10));
  assert.equal(behind_s(run), 0.75);
  const late = tick(2, 10.25);
  late.hr.a = { t_s: [], bpm: [], provisional: { t_s: [9.25], bpm: [71] } };
  apply(run, late);
  assert.equal(behind_s(run), 0.875);
});

test("nothing is behind while no value is known, or after a heart was lost", () => {
  assert.equal(behind_s(started()), null);
  const run = started(tick(1, 10));
  const silent = tick(2, 25);
  silent.hr.a = { t_s: [14], bpm: [null], provisional: { t_s: [], bpm: [] } };
  apply(run, silent);
  assert.equal(behind_s(run), null);
});

test("a lost tick leaves a gap in the line", () => {
  const run = started(tick(1, 10), tick(5, 11));
  assert.deepEqual(run.hr.a.v, [70, null, 70]);
});

test("a page that joins stands where the run stands before anything is drawn", () => {
  const run = started();
  const state = { type: "state", state: "paused", rate: 1, to_s: null, t_s: 3000 };
  apply(run, hello({ epoch: 2, mode: "replay", state }));
  assert.equal(run.now_s, 3000);
});

test("a new epoch forgets everything that was drawn", () => {
  const run = started(tick(1, 10), { type: "mark", seq: 2, t_s: 10, at_s: 9, label: "repair" });
  apply(run, hello({ epoch: 2 }));
  assert.deepEqual([run.hr.a.t, run.marks, run.now_s], [[], [], 0]);
});

test("a resumed connection goes on with what was there", () => {
  const run = started(tick(1, 10));
  apply(run, hello({ resumed: true }));
  apply(run, tick(2, 10.25));
  assert.equal(run.hr.a.t.length, 2);
});

test("markers stand in the order of their moment, not of their arrival", () => {
  const run = started(
    { type: "mark", seq: 1, t_s: 20, at_s: 19, label: "late" },
    { type: "mark", seq: 2, t_s: 21, at_s: 12, label: "typed slowly" },
  );
  assert.deepEqual(
    run.marks.map((mark) => mark.label),
    ["typed slowly", "late"],
  );
});

test("who speaks is what was told last, and nobody after a jump", () => {
  const speech = { type: "speech", t_s: 20, at_s: 19.5 };
  const run = started(
    { ...speech, seq: 1, partner: "a", on: true },
    { ...speech, seq: 2, partner: "b", on: true },
    { ...speech, seq: 3, partner: "a", on: false },
  );
  assert.deepEqual(run.speaks, { a: false, b: true });
  apply(run, hello({ epoch: 2 }));
  assert.deepEqual(run.speaks, { a: false, b: false });
});

test("the end of a gap closes the one that was open", () => {
  const gap = { type: "gap", partner: "b", from_s: 5, to_s: null, reason: "no contact" };
  const run = started(
    { ...gap, seq: 1, t_s: 8 },
    { ...gap, seq: 2, t_s: 12, from_s: 5.01, to_s: 11 },
  );
  assert.deepEqual(
    run.gaps.map((g) => g.to_s),
    [11],
  );
  apply(run, { ...gap, seq: 3, t_s: 30, from_s: 28 });
  assert.deepEqual(
    run.gaps.map((g) => g.to_s),
    [11, null],
  );
});

test("a gap of one partner leaves the other's alone", () => {
  const gap = { type: "gap", from_s: 5, to_s: null, reason: "no contact", t_s: 8 };
  const run = started({ ...gap, seq: 1, partner: "a" }, { ...gap, seq: 2, partner: "b", to_s: 7 });
  assert.deepEqual(
    run.gaps.map((g) => [g.partner, g.to_s]),
    [
      ["a", null],
      ["b", 7],
    ],
  );
});

test("columns come once, in order, with their nulls", () => {
  const col = (seq, ...columns) => ({
    type: "col",
    seq,
    t_s: 40 + seq,
    columns,
    hrv: { a: {}, b: {} },
  });
  const first = { t_s: 20, r: [0.1, null, 0.3] };
  const run = started(col(1, first), col(2, first, { t_s: 21, r: [null, null, null] }));
  assert.deepEqual(run.columns, {
    t: [20, 21],
    r: [
      [0.1, null, 0.3],
      [null, null, null],
    ],
  });
});

test("memory stays bounded through hours", () => {
  const run = started();
  for (let i = 0; i < 4 * 3600 * 3; i++) {
    apply(run, tick(i + 1, 2 + i / 4));
    if (i % 4) continue;
    const columns = [{ t_s: i / 4, r: [0, 0, 0] }];
    apply(run, { type: "col", seq: i + 1, t_s: 2 + i / 4, columns, hrv: { a: {}, b: {} } });
  }
  assert.ok(run.hr.a.t.length < 4 * 1980 * 1.2);
  assert.ok(run.columns.t.length < 1980 * 1.2);
  assert.ok(run.hr.a.t[0] <= run.now_s - 1800);
});
