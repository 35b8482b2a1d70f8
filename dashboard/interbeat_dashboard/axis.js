/** @import { View } from "./types.d.ts" */
import { before, moment } from "./format.js";

const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
/** A window of some minutes is told in whole minutes. */
const MINUTES_FROM_S = 120;

/**
 * The ticks of a time axis: from now backwards in a live run, on the session's clock in a
 * replay.
 *
 * @param {View} view @param {number} most how many fit
 * @returns {{ t_s: number, label: string }[]}
 */
export function timeTicks({ from_s, now_s, window_s, mode }, most) {
  const least_s = window_s > MINUTES_FROM_S ? 60 : 0;
  const step_s = STEPS_S.find((s) => s >= least_s && window_s / s <= most - 1) ?? window_s;
  const ticks = [];
  if (mode === "live") {
    for (let back_s = 0; back_s <= window_s; back_s += step_s) {
      ticks.push({ t_s: now_s - back_s, label: before(back_s) });
    }
    return ticks;
  }
  for (let k = Math.max(0, Math.ceil(from_s / step_s)); k * step_s <= now_s; k++) {
    ticks.push({ t_s: k * step_s, label: moment(k * step_s) });
  }
  return ticks;
}

/** Three or four round values inside a range. @param {[number, number]} range */
export function valueTicks([low, high]) {
  const step = [5, 10, 20, 25, 50].find((s) => (high - low) / s <= 4.5) ?? 100;
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(k * step);
  return ticks;
}

const PADDING = 2;
const GRAIN = 2;
const LEAST_SPAN = 30;
/** A range becomes narrower only when this much of it stands empty. */
const SLACK = 8;

/**
 * The range of a value axis: round, padded, and kept as it is while the values fit it well.
 *
 * @param {[number, number] | null} extent @param {[number, number] | null} current
 * @returns {[number, number]}
 */
export function valueRange(extent, current) {
  if (extent === null) return current ?? [50, 90];
  let low = Math.floor((extent[0] - PADDING) / GRAIN) * GRAIN;
  let high = Math.ceil((extent[1] + PADDING) / GRAIN) * GRAIN;
  while (high - low < LEAST_SPAN) {
    low -= GRAIN;
    high += GRAIN;
  }
  if (current === null) return [low, high];
  const outside = extent[0] < current[0] || extent[1] > current[1];
  const empty = Math.max(low - current[0], current[1] - high);
  return outside || empty >= SLACK ? [low, high] : current;
}

/** One step of the way from a range to its target; the last bit at once.
 * @param {[number, number]} current @param {[number, number]} target @param {number} share
 * @returns {[number, number]} */
export function eased(current, target, share) {
  const near = Math.max(Math.abs(target[0] - current[0]), Math.abs(target[1] - current[1])) < 0.3;
  if (near) return target;
  return [
    current[0] + share * (target[0] - current[0]),
    current[1] + share * (target[1] - current[1]),
  ];
}

/**
 * Where two labels stand so that they keep `apart` px and stay between `top` and `bottom`.
 *
 * @param {[number, number]} y @param {number} apart @param {number} top @param {number} bottom
 * @returns {[number, number]}
 */
export function spread([first, second], apart, top, bottom) {
  const upper = Math.min(first, second);
  const lower = Math.max(first, second);
  const missing = Math.max(0, apart - (lower - upper)) / 2;
  const highest = Math.min(Math.max(upper - missing, top), bottom - apart);
  const lowest = Math.min(Math.max(lower + missing, highest + apart), bottom);
  const settled = Math.min(highest, lowest - apart);
  return first <= second ? [settled, lowest] : [lowest, settled];
}
