/** @import { Maybe, Series } from "./types.d.ts" */

/** @returns {Series} */
export const emptySeries = () => ({ t: [], v: [] });

/** The first index whose instant is not before `t_s`. @param {number[]} t @param {number} t_s */
export function firstFrom(t, t_s) {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] < t_s) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Append samples in place. Instants never go back; where two are further apart than
 * `max_step_s`, a null between them keeps every line from bridging the gap.
 *
 * @param {Series} series @param {number[]} t @param {Maybe[]} v @param {number} [max_step_s]
 */
export function append(series, t, v, max_step_s = Infinity) {
  for (let i = 0; i < t.length; i++) {
    const last = series.t.at(-1) ?? t[i];
    if (series.t.length > 0 && t[i] <= last) continue;
    if (t[i] - last > max_step_s) {
      series.t.push((last + t[i]) / 2);
      series.v.push(null);
    }
    series.t.push(t[i]);
    series.v.push(v[i]);
  }
}

/**
 * Forget what is older than `from_s`, in place. Waits until an eighth of the samples is old,
 * so that a long session moves memory rarely.
 *
 * @param {Series} series @param {number} from_s
 */
export function forget(series, from_s) {
  const old = firstFrom(series.t, from_s);
  if (old * 8 < series.t.length) return;
  series.t.splice(0, old);
  series.v.splice(0, old);
}

/** The samples from `from_s` to `to_s`, with one neighbour on each side so that a line reaches
 * the edges. @param {Series} series @param {number} from_s @param {number} to_s @returns {Series} */
export function between(series, from_s, to_s) {
  const start = Math.max(0, firstFrom(series.t, from_s) - 1);
  const end = firstFrom(series.t, to_s) + 1;
  return { t: series.t.slice(start, end), v: series.v.slice(start, end) };
}

/**
 * Keep the lowest and the highest value of each bucket of `bucket_s`, in their order, and a
 * null where a bucket holds one. Buckets lie on multiples of `bucket_s`, so a moving window
 * does not shimmer.
 *
 * @param {Series} series @param {number} bucket_s @returns {Series}
 */
export function decimate(series, bucket_s) {
  const out = emptySeries();
  let i = 0;
  while (i < series.t.length) {
    const bucket = Math.floor(series.t[i] / bucket_s);
    let low = -1;
    let high = -1;
    let gap = -1;
    for (; i < series.t.length && Math.floor(series.t[i] / bucket_s) === bucket; i++) {
      const value = series.v[i];
      if (value === null) {
        gap = i;
        continue;
      }
      if (low < 0 || value < /** @type {number} */ (series.v[low])) low = i;
      if (high < 0 || value > /** @type {number} */ (series.v[high])) high = i;
    }
    const kept = [...new Set([low, high, gap])].filter((k) => k >= 0).sort((p, q) => p - q);
    for (const k of kept) {
      out.t.push(series.t[k]);
      out.v.push(series.v[k]);
    }
  }
  return out;
}

/** At most about `max_points` samples of a window of `window_s`.
 * @param {Series} series @param {number} window_s @param {number} max_points */
export function thinned(series, window_s, max_points) {
  if (series.t.length <= max_points * 1.1) return series;
  return decimate(series, (2 * window_s) / max_points);
}

/**
 * The slow rhythm of a series: the mean of the known samples within `half_s` on either side,
 * on multiples of `step_s`. It is null where no known sample lies within `near_s`, and where
 * fewer than `least` samples are known: a gap stays a gap.
 *
 * @param {Series} series
 * @param {{ from_s: number, to_s: number, step_s: number, half_s: number, near_s: number, least: number }} settings
 * @returns {Series}
 */
export function rhythm(series, { from_s, to_s, step_s, half_s, near_s, least }) {
  const out = emptySeries();
  let low = firstFrom(series.t, from_s - half_s - step_s);
  let high = low;
  let near = low;
  let sum = 0;
  let known = 0;
  for (let k = Math.ceil(from_s / step_s); k * step_s <= to_s; k++) {
    const t_s = k * step_s;
    for (; high < series.t.length && series.t[high] <= t_s + half_s; high++) {
      const value = series.v[high];
      if (value === null) continue;
      sum += value;
      known += 1;
    }
    for (; low < high && series.t[low] < t_s - half_s; low++) {
      const value = series.v[low];
      if (value === null) continue;
      sum -= value;
      known -= 1;
    }
    while (near < series.t.length && series.t[near] < t_s - near_s) near++;
    out.t.push(t_s);
    out.v.push(known >= least && knownWithin(series, near, t_s + near_s) ? sum / known : null);
  }
  return out;
}

/** @param {Series} series @param {number} index @param {number} to_s */
function knownWithin(series, index, to_s) {
  for (let i = index; i < series.t.length && series.t[i] <= to_s; i++) {
    if (series.v[i] !== null) return true;
  }
  return false;
}

/** The newest known sample, or null. @param {Series} series
 * @returns {{ t_s: number, value: number } | null} */
export function newest(series) {
  for (let i = series.t.length - 1; i >= 0; i--) {
    const value = series.v[i];
    if (value !== null) return { t_s: series.t[i], value };
  }
  return null;
}

/** The known value nearest to `t_s`, or null when none lies within `within_s`.
 * @param {Series} series @param {number} t_s @param {number} within_s */
export function valueNear(series, t_s, within_s) {
  const start = firstFrom(series.t, t_s - within_s);
  let best = null;
  let distance = Infinity;
  for (let i = start; i < series.t.length && series.t[i] <= t_s + within_s; i++) {
    if (series.v[i] === null || Math.abs(series.t[i] - t_s) >= distance) continue;
    distance = Math.abs(series.t[i] - t_s);
    best = series.v[i];
  }
  return best;
}

/** The mean of the known values from `from_s` to `to_s`, or null.
 * @param {Series} series @param {number} from_s @param {number} to_s */
export function meanBetween({ t, v }, from_s, to_s) {
  let sum = 0;
  let known = 0;
  for (let i = firstFrom(t, from_s); i < t.length && t[i] <= to_s; i++) {
    const value = v[i];
    if (value === null) continue;
    sum += value;
    known += 1;
  }
  return known === 0 ? null : sum / known;
}

const STRAY_SHARE = 0.01;
const LEAST_ROOM = 10;

/**
 * The lowest and highest known value, or null; without the few that stray far from the others, as
 * a missed beat makes them.
 *
 * @param {Series} series @returns {[number, number] | null}
 */
export function mainExtent({ v }) {
  const known = v.filter((value) => value !== null).sort((p, q) => p - q);
  if (known.length === 0) return null;
  const few = Math.floor(STRAY_SHARE * known.length);
  const [low, high] = [known[few], known[known.length - 1 - few]];
  const room = Math.max(LEAST_ROOM, (high - low) / 2);
  return [
    known.find((value) => value >= low - room) ?? low,
    known.findLast((value) => value <= high + room) ?? high,
  ];
}

/** The lowest and highest known value, or null. @param {Series[]} all
 * @returns {[number, number] | null} */
export function extent(all) {
  let low = Infinity;
  let high = -Infinity;
  for (const { v } of all) {
    for (const value of v) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}
