import assert from "node:assert/strict";
import { test } from "node:test";
import * as series from "../../dashboard/interbeat_dashboard/series.js";

/** @param {number} seconds @param {(t_s: number) => number | null} value at 4 Hz */
function sampled(seconds, value) {
  const t = Array.from({ length: seconds * 4 }, (_, i) => i / 4);
  return { t, v: t.map(value) };
}

const rhythmSettings = { step_s: 1, half_s: 5, near_s: 0.6, least: 16 };

test("an axis holds every beat of a breath and not what one missed beat throws off", () => {
  const breath = sampled(300, (t_s) => 70 + 8 * Math.sin(1.5 * t_s));
  const all = series.extent([breath]);
  assert.deepEqual(series.mainExtent(breath), all);
  const missed = { ...breath, v: breath.v.map((bpm, i) => (i > 600 && i < 604 ? -11 : bpm)) };
  assert.deepEqual(series.mainExtent(missed), all);
  assert.equal(series.mainExtent({ t: [0, 1], v: [null, null] }), null);
  assert.deepEqual(series.mainExtent({ t: [0, 1], v: [null, 72] }), [72, 72]);
});

test("samples too far apart get a null between them", () => {
  const column = series.emptySeries();
  series.append(column, [0, 0.25, 1.25], [70, 71, 72], 0.6);
  assert.deepEqual(column, { t: [0, 0.25, 0.75, 1.25], v: [70, 71, null, 72] });
});

test("samples that were seen before are not added again", () => {
  const column = series.emptySeries();
  series.append(column, [0, 0.25], [70, 71], 0.6);
  series.append(column, [0.25, 0.5], [99, 72], 0.6);
  assert.deepEqual(column.v, [70, 71, 72]);
});

test("forgetting keeps all that is young enough", () => {
  const column = sampled(100, (t_s) => t_s);
  series.forget(column, 50);
  assert.equal(column.t[0], 50);
  assert.equal(column.v.length, column.t.length);
  series.forget(column, 51);
  assert.equal(column.t[0], 50);
});

test("a window has a neighbour on each side so that lines reach its edges", () => {
  const { t } = series.between(
    sampled(10, () => 70),
    2.1,
    3.1,
  );
  assert.deepEqual([t[0], t.at(-1)], [2, 3.25]);
});

test("decimation keeps extremes, gaps and the order of time", () => {
  const column = sampled(100, (t_s) => (t_s === 40 ? 150 : t_s === 60 ? null : 70 + (t_s % 2)));
  const { t, v } = series.decimate(column, 5);
  assert.ok(v.includes(150));
  assert.ok(v.includes(null));
  assert.ok(t.length <= 3 * 20);
  assert.deepEqual(
    t,
    [...t].sort((p, q) => p - q),
  );
});

test("a moving window decimates to the same points", () => {
  const column = sampled(200, (t_s) => 70 + Math.sin(t_s * 7));
  const first = series.decimate(series.between(column, 10, 110), 5);
  const later = series.decimate(series.between(column, 10.25, 110.25), 5);
  const inner = (s) => s.t.filter((t_s) => t_s >= 20 && t_s < 100);
  assert.deepEqual(inner(first), inner(later));
});

test("thirty minutes become about 1200 points, five minutes stay whole", () => {
  const long = sampled(1800, (t_s) => 70 + Math.sin(t_s));
  assert.ok(series.thinned(long, 1800, 1200).t.length <= 1202);
  const short = sampled(300, () => 70);
  assert.equal(series.thinned(short, 300, 1200), short);
});

test("the rhythm equals the plain mean of ten seconds", () => {
  const column = sampled(60, (t_s) => 70 + 5 * Math.sin(t_s / 3) + (t_s % 3));
  const { t, v } = series.rhythm(column, { from_s: 0, to_s: 60, ...rhythmSettings });
  for (const [i, t_s] of t.entries()) {
    const near = column.v.filter((_, k) => Math.abs(column.t[k] - t_s) <= 5);
    const mean = near.reduce((p, q) => p + q, 0) / near.length;
    if (t_s < 60) assert.ok(Math.abs(v[i] - mean) < 1e-9, `at ${t_s} s`);
  }
});

test("the rhythm does not cross a gap", () => {
  const column = sampled(60, (t_s) => (t_s >= 20 && t_s < 30 ? null : 70));
  const { t, v } = series.rhythm(column, { from_s: 0, to_s: 59, ...rhythmSettings });
  for (const [i, t_s] of t.entries()) {
    const inside = t_s > 20.5 && t_s < 29.4;
    assert.equal(v[i] === null, inside, `at ${t_s} s`);
  }
});

test("the rhythm stays on whole seconds wherever the window begins", () => {
  const column = sampled(60, () => 70);
  const { t } = series.rhythm(column, { from_s: 10.7, to_s: 20, ...rhythmSettings });
  assert.deepEqual(t, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
});

test("the newest and the nearest value skip what is not known", () => {
  const column = { t: [0, 1, 2, 3], v: [70, 71, null, null] };
  assert.deepEqual(series.newest(column), { t_s: 1, value: 71 });
  assert.equal(series.valueNear(column, 2.5, 2), 71);
  assert.equal(series.valueNear(column, 3, 1), null);
  assert.equal(series.newest(series.emptySeries()), null);
});

test("a mean counts only what is known", () => {
  const column = { t: [0, 1, 2, 3], v: [70, null, 74, 90] };
  assert.equal(series.meanBetween(column, 0, 2), 72);
  assert.equal(series.meanBetween(column, 0.5, 1.5), null);
});
