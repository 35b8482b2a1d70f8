/** @import { ByPartner, Col, Connection, Gap, Hello, Hrv, Linkage, Mark, Maybe, Point, Quality, RunMessage, RunState, Series, Tick } from "./types.d.ts" */
import { append, emptySeries, firstFrom, forget, newest } from "./series.js";

/** @type {("a" | "b")[]} */
export const PARTNERS = ["a", "b"];

/** The longest window is 30 min; the rest lets a line begin before the left edge. */
const KEEP_S = 1800 + 180;
/** Two samples further apart than this many steps have a gap between them. */
const GAP_STEPS = 2.4;
/** How far the line is behind is the mean of so many ticks: packets come once in about four. */
const BEHIND_TICKS = 40;
/** A value older than this is not late; it is the last there was. */
const LOST_S = 10;

/**
 * @typedef {object} Run what the page knows of a run: columns and the newest messages
 * @property {Hello | null} hello
 * @property {number} now_s newest session time any message carried
 * @property {ByPartner<Series>} hr 4 Hz heart rate that stays, bpm
 * @property {ByPartner<Series>} provisional what follows it, as it is now
 * @property {ByPartner<number[]>} late_s by how much the newest sample was behind each of the last ticks
 * @property {ByPartner<Series>} beats interval that ended in each beat, ms
 * @property {{ t: number[], r: Maybe[][] }} columns correlation by lag, one row a column
 * @property {ByPartner<Hrv> | null} hrv
 * @property {Linkage | null} linkage what the last twenty minutes say of both
 * @property {Point[]} points linkage over the session, in the order of time
 * @property {Quality | null} quality
 * @property {Mark[]} marks in the order of their moment
 * @property {Gap[]} gaps in the order of their start
 * @property {ByPartner<boolean>} speaks who speaks at the newest moment, as far as it was told
 * @property {RunState | null} play
 */

/** @returns {Run} */
export function emptyRun() {
  return {
    hello: null,
    now_s: 0,
    hr: { a: emptySeries(), b: emptySeries() },
    provisional: { a: emptySeries(), b: emptySeries() },
    late_s: { a: [], b: [] },
    beats: { a: emptySeries(), b: emptySeries() },
    columns: { t: [], r: [] },
    hrv: null,
    linkage: null,
    points: [],
    quality: null,
    marks: [],
    gaps: [],
    speaks: { a: false, b: false },
    play: null,
  };
}

/** Take one message into the run, in place. @param {Run} run @param {RunMessage} message */
export function apply(run, message) {
  if (message.type === "hello") return begin(run, message);
  if (message.t_s !== undefined) run.now_s = Math.max(run.now_s, message.t_s);
  switch (message.type) {
    case "tick":
      return takeTick(run, message);
    case "col":
      return takeColumns(run, message);
    case "linkage":
      run.linkage = message;
      return;
    case "connection":
      return takePoints(run, message);
    case "quality":
      run.quality = message;
      return;
    case "mark":
      return takeMark(run, message);
    case "speech":
      run.speaks[message.partner] = message.on;
      return;
    case "gap":
      return takeGap(run, message);
    case "state":
      run.play = message;
  }
}

/** @param {Run} run @param {Hello} hello */
function begin(run, hello) {
  if (!hello.resumed) Object.assign(run, emptyRun(), { now_s: hello.state.t_s ?? 0 });
  run.hello = hello;
  run.play = hello.state;
}

/** @param {Run} run @param {Tick} tick */
function takeTick(run, tick) {
  for (const partner of PARTNERS) {
    const { hr, beats } = tick;
    append(run.hr[partner], hr[partner].t_s, hr[partner].bpm, maxStep_s(run));
    append(run.beats[partner], beats[partner].t_s, beats[partner].rr_ms);
    const { t_s, bpm } = hr[partner].provisional;
    run.provisional[partner] = { t: t_s, v: bpm };
    measureLate(
      run.late_s[partner],
      tick.t_s,
      newest(run.provisional[partner]) ?? newest(run.hr[partner]),
    );
    forget(run.hr[partner], run.now_s - KEEP_S);
    forget(run.beats[partner], run.now_s - KEEP_S);
  }
}

/** Without a value in sight there is nothing that could be late.
 * @param {number[]} late_s @param {number} now_s @param {{ t_s: number } | null} last */
function measureLate(late_s, now_s, last) {
  if (last === null || now_s - last.t_s > LOST_S) late_s.length = 0;
  else late_s.push(now_s - last.t_s);
  if (late_s.length > BEHIND_TICKS) late_s.shift();
}

/** By how many seconds the newest values are behind, as measured; null while nobody's are known.
 * @param {Run} run @returns {Maybe} */
export function behind_s(run) {
  const means = PARTNERS.map((p) => run.late_s[p])
    .filter((late_s) => late_s.length > 0)
    .map((late_s) => late_s.reduce((sum, s) => sum + s) / late_s.length);
  return means.length > 0 ? Math.max(...means) : null;
}

/** The heart rate with its provisional end, from `from_s` on.
 * @param {Run} run @param {"a" | "b"} partner @param {number} [from_s] @returns {Series} */
export function upToNow(run, partner, from_s = -Infinity) {
  const { t, v } = run.hr[partner];
  const first = firstFrom(t, from_s);
  const whole = { t: t.slice(first), v: v.slice(first) };
  append(whole, run.provisional[partner].t, run.provisional[partner].v, maxStep_s(run));
  return whole;
}

/** Samples further apart than this have a gap between them. @param {Run} run */
function maxStep_s(run) {
  return GAP_STEPS / (run.hello?.settings.fs_hz ?? 4);
}

/** @param {Run} run @param {Col} col */
function takeColumns(run, col) {
  const { t, r } = run.columns;
  for (const column of col.columns) {
    if (t.length > 0 && column.t_s <= t[t.length - 1]) continue;
    t.push(column.t_s);
    r.push(column.r);
  }
  const old = t.findIndex((t_s) => t_s >= run.now_s - KEEP_S);
  if (old * 8 > t.length) {
    t.splice(0, old);
    r.splice(0, old);
  }
  run.hrv = col.hrv;
}

/** What was known already is told again after a jump back. @param {Run} run
 * @param {Connection} connection */
function takePoints({ points }, connection) {
  const last_s = points.at(-1)?.t_s ?? -Infinity;
  points.push(...connection.points.filter((point) => point.t_s > last_s));
}

/** @param {Run} run @param {Mark} mark */
function takeMark(run, mark) {
  run.marks.push(mark);
  run.marks.sort((p, q) => p.at_s - q.at_s);
}

/** A gap is told at its start and again at its end; a partner has one open gap at most.
 * @param {Run} run @param {Gap} gap */
function takeGap(run, gap) {
  const known = run.gaps.findIndex(
    (g) => g.partner === gap.partner && (g.to_s === null || g.from_s === gap.from_s),
  );
  const none = gap.to_s === gap.from_s; // the beats were only late
  if (known >= 0) run.gaps.splice(known, 1, ...(none ? [] : [gap]));
  else if (!none) run.gaps.push(gap);
}
