/** @typedef {{ x: number, y: number }} Point */

/** Two beats further apart than this have a gap between them. */
const GAP_S = 3;
/** The least height of the picture in beats per minute: calm must not look like storm. */
const LEAST_BPM = 30;

/**
 * The last seconds of a heart rate as pieces of a line, in a box of 1 by 1 with the newest at
 * the right. Nothing is drawn across a gap.
 *
 * @param {{ ago_s: number[], bpm: number[] }} trace @param {number} span_s
 * @returns {Point[][]}
 */
export function pieces({ ago_s, bpm }, span_s) {
  const [low, high] = range(bpm);
  /** @type {Point[][]} */
  const found = [];
  let before_s = Infinity;
  bpm.forEach((value, i) => {
    if (before_s - ago_s[i] > GAP_S) found.push([]);
    before_s = ago_s[i];
    found[found.length - 1].push({
      x: 1 - ago_s[i] / span_s,
      y: 1 - (value - low) / (high - low),
    });
  });
  return found;
}

/** Where nothing came, from the first beat on: left and right ends, 0 to 1.
 * @param {{ ago_s: number[] }} trace @param {number} span_s @returns {[number, number][]} */
export function gaps({ ago_s }, span_s) {
  const ends = ago_s.length ? [...ago_s, 0] : [];
  /** @type {[number, number][]} */
  const found = [];
  for (let i = 1; i < ends.length; i += 1) {
    if (ends[i - 1] - ends[i] > GAP_S) found.push([1 - ends[i - 1] / span_s, 1 - ends[i] / span_s]);
  }
  return found;
}

/** @param {number[]} bpm @returns {[number, number]} */
function range(bpm) {
  if (bpm.length === 0) return [0, LEAST_BPM];
  const low = Math.min(...bpm);
  const high = Math.max(...bpm);
  const spare = Math.max(0, LEAST_BPM - (high - low)) / 2;
  return [low - spare, high + spare];
}
