/** @import { ByPartner, Linkage, Maybe, Partner, Point } from "./types.d.ts" */
import { UNKNOWN, moment, signed } from "./format.js";
import { PARTNERS } from "./state.js";

/** Later it is not time that is missing. */
const FIRST_S = 480;

/** A number of the linkage, always with two places. @param {number} r */
export function rWords(r) {
  const text = Math.abs(r).toFixed(2);
  return r < 0 && text !== "0.00" ? `\u2212${text}` : text;
}

/** Whether there is a figure at all. @param {Linkage} found */
export function judged({ state }) {
  return state === "linked" || state === "no_linkage";
}

/**
 * How far gathering is: the clean share of each ring, and what is still needed. So many clean
 * seconds are, and such a share of the time.
 *
 * @param {Linkage} found @param {{ s: number, share: number }} needed
 */
export function gathering(found, needed) {
  const needed_s = Math.max(needed.s, needed.share * (found.to_s - found.from_s));
  const share = (/** @type {number} */ s) => Math.min(1, Math.max(0, s / needed_s));
  const minutes = Math.ceil((found.more_s ?? 0) / 60);
  return {
    rings: { a: share(found.clean_s.a), b: share(found.clean_s.b) },
    beads: share(found.joint_s),
    minutes,
    words: minutes === 1 ? "more minute" : "more minutes",
  };
}

/** How full each of so many beads is. @param {number} share @param {number} count */
export function beads(share, count) {
  return Array.from({ length: count }, (_, i) => Math.min(1, Math.max(0, share * count - i)));
}

/**
 * The rows of figures that come with an answer, as far as the analysis gives them.
 *
 * @param {Linkage} found @param {ByPartner<string>} labels
 * @returns {{ name: "r" | "lag" | "lead" | "settling" | "own_share" | "breathing", value: string,
 *   range: string, span: [number, number, number] | null }[]}
 */
export function rows(found, labels) {
  const { state, settling, lead, r, r_low, r_high } = found;
  const waits = state === "not_enough_data" && found.joint_s < FIRST_S;
  const none = waits ? "at 8\u00a0min" : UNKNOWN;
  const has = judged(found);
  const pair_s = settling.half_decay_s.pair;
  const { low_s, high_s } = settling;
  const { own_share, own_low, own_high } = found;
  return [
    {
      name: "r",
      value: r === null ? none : rWords(r),
      range: r_low === null || r_high === null ? "" : between(rWords(r_low), rWords(r_high)),
      span: r === null || r_low === null || r_high === null ? null : [r_low, r, r_high],
    },
    { name: "lag", value: lagWords(found, none), range: "", span: null },
    {
      name: "lead",
      value: leadWords(found, labels, lead.claim),
      range: "",
      span: null,
    },
    {
      name: "settling",
      value: pair_s === null ? (has ? UNKNOWN : none) : `${Math.round(pair_s)}\u00a0s`,
      range: low_s === null || high_s === null ? "" : between(round(low_s), round(high_s)),
      span: pair_s === null || low_s === null || high_s === null ? null : [low_s, pair_s, high_s],
    },
    {
      name: "own_share",
      value: own_share === null ? none : `${percent(own_share)}\u00a0%`,
      range: own_low === null || own_high === null ? "" : between(percent(own_low), percent(own_high)),
      span: own_share === null || own_low === null || own_high === null ? null : [own_low, own_share, own_high],
    },
    {
      name: "breathing",
      value: has ? (found.breathing.locked ? "in step" : "not in step") : none,
      range: "",
      span: null,
    },
  ];
}

const round = (/** @type {number} */ n) => String(Math.round(n));
const percent = (/** @type {number} */ share) => round(100 * share);
const between = (/** @type {string} */ low, /** @type {string} */ high) => `${low} to ${high}`;

/** Where the heart answers is known to some seconds only. @param {Linkage} found
 * @param {string} none */
function lagWords({ state }, none) {
  if (state === "linked") return "within seconds";
  return state === "no_linkage" ? "none to tell" : none;
}

/** @param {Linkage} found @param {ByPartner<string>} labels @param {Partner | null} claim */
function leadWords(found, labels, claim) {
  if (claim) return `${labels[claim]} seen first`;
  if (judged(found)) return "no lead shown";
  return found.state === "not_enough_data" && found.joint_s < FIRST_S ? "at 20\u00a0min" : UNKNOWN;
}

/**
 * What stands of the index: locked with what is missing, a grey range, or a value with its range.
 *
 * @param {Linkage} found @param {ByPartner<string>} labels
 */
export function indexWords({ index, reference }, labels) {
  const { state, reason, value, low, high } = index;
  const waits = reason === "no_reference" || reason === "reference_too_short";
  const share = Math.min(...PARTNERS.map((p) => reference.known_s[p])) / reference.needed_s;
  const minutes = (/** @type {number} */ s) => Math.floor(s / 60);
  const range = low === null || high === null ? "" : `likely ${round(low)} to ${round(high)}`;
  return {
    state,
    word: state === "shown" && value !== null ? round(value) : state,
    range,
    bar: low === null || high === null ? null : { low, high, value: state === "shown" ? value : null },
    progress: waits ? Math.min(1, share) : null,
    progressWords: waits
      ? `Reference: ${PARTNERS.map((p) => `${labels[p]} ${minutes(reference.known_s[p])}`).join(
          ", ",
        )} of ${minutes(reference.needed_s)} clean minutes each.`
      : "",
  };
}

/**
 * The lag profile as lines of a drawing: r upwards, lags to the right, `a` first on the right.
 *
 * @param {Maybe[]} profile @param {number} band half the height of the chance band
 * @param {{ width: number, height: number }} size
 */
export function profileLines(profile, band, { width, height }) {
  const top = Math.max(0.5, band * 1.15, ...profile.map((r) => Math.abs(r ?? 0) * 1.1));
  const y = (/** @type {number} */ r) => (height / 2) * (1 - r / top);
  const x = (/** @type {number} */ i) => (i / (profile.length - 1)) * width;
  let peak = 0;
  profile.forEach((r, i) => {
    if ((r ?? -2) > (profile[peak] ?? -2)) peak = i;
  });
  const heights = profile.map((r) => (r === null ? null : y(r)));
  return {
    path: pathOf(heights.map((height, i) => ({ x: x(i), y: height }))),
    heights,
    peak: { x: x(peak), y: y(profile[peak] ?? 0) },
    band: { y: y(band), height: y(-band) - y(band) },
    middle: y(0),
  };
}

const WORD = { share: 0.29, half: 4, above: 5, below: 13, side: 4 };

/**
 * Where the word of the chance band stands clear of the line: the corner of the band it is
 * farthest from.
 *
 * @param {Maybe[]} heights of the line, from left to right
 * @param {{ y: number, height: number }} band @param {number} width
 * @returns {{ x: number, y: number, anchor: "start" | "end" }}
 */
export function quietCorner(heights, band, width) {
  const beside = Math.ceil(WORD.share * heights.length);
  const ends = /** @type {const} */ ([
    ["start", heights.slice(0, beside), WORD.side],
    ["end", heights.slice(-beside), width - WORD.side],
  ]);
  const corners = ends.flatMap(([anchor, line, x]) =>
    [band.y + band.height - WORD.above, band.y + WORD.below].map((y) => {
      const clear = Math.min(...line.map((h) => (h === null ? Infinity : Math.abs(h - y + WORD.half))));
      return { x, y, anchor, clear };
    }),
  );
  const { x, y, anchor } = corners.reduce((best, each) => (each.clear > best.clear ? each : best));
  return { x, y, anchor };
}

/** A path through points; it is broken where one is not known.
 * @param {{ x: number, y: Maybe }[]} points */
export function pathOf(points) {
  let pen = "M";
  let path = "";
  for (const { x, y } of points) {
    if (y === null) pen = "M";
    else {
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
  }
  return path;
}

/** Beside each other in time and in what can be said: runs of points of one state.
 * @param {Point[]} points @returns {Point[][]} */
export function runsOf(points) {
  /** @type {Point[][]} */
  const runs = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run && run[0].state === point.state) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

const PROFILE_POINTS = [0, 7, 15, 23, 30];

/** The lag profile in a sentence. @param {Linkage} found @param {ByPartner<string>} labels */
export function profileSummary(found, labels) {
  const { profile, chance_band, r } = found;
  if (profile === null || chance_band === null || r === null) return "No profile over lags yet.";
  const at = PROFILE_POINTS.map((i) => `${signed(i - 15)} s ${rWords(profile[i] ?? 0)}`).join(", ");
  return (
    `Connection by lag: correlation, ${labels.b} first on the left and ${labels.a} first on the right: ${at}. ` +
    `Nine of ten chance correlations lie within ${rWords(chance_band)} of zero; the highest here is ` +
    `${rWords(r)}.`
  );
}

/** The lane of the session in a sentence. @param {Point[]} points */
export function connectionSummary(points) {
  const last = points.at(-1);
  if (!last) return "Nothing is known of both hearts yet.";
  if (last.r === null || last.chance_r === null) {
    return last.state === "same_source"
      ? "Both signals look the same, so there is no connection to show."
      : "Gathering: no joint number is shown yet.";
  }
  const linked = points.filter((p) => p.state === "linked").length;
  const known = points.filter((p) => p.r !== null).length;
  return (
    `At ${moment(last.t_s)} the correlation over the 20 minutes before is ${rWords(last.r)}; chance ` +
    `reaches ${rWords(last.chance_r)}. It was beyond chance at ${linked} of ${known} moments.`
  );
}
