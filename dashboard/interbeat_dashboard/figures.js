/** @import { FigureName, Hrv } from "./types.d.ts" */
import { clock, count, percent, whole } from "./format.js";

/** @type {{ name: FigureName, term: string, unit: string }[]} */
export const FIGURES = [
  { name: "mean_hr_bpm", term: "Mean heart rate", unit: "bpm" },
  { name: "rmssd_ms", term: "RMSSD", unit: "ms" },
];

const NOTHING_YET = "Not enough clean data yet";

/**
 * Why figures are in doubt or not shown, in a sentence; empty when all are as they should be.
 *
 * @param {Hrv | null} hrv
 */
export function figureWhy(hrv) {
  if (hrv === null || hrv.states.mean_hr_bpm.reason === "no beats") return NOTHING_YET;
  const doubts = FIGURES.map(({ name, term }) => ({ term, ...hrv.states[name] })).filter(
    ({ state }) => state !== "ok",
  );
  if (doubts.length === 0) return "";
  const [first, ...others] = doubts;
  const alike = others.every(({ reason }) => reason === first.reason);
  if (doubts.length === FIGURES.length && alike) return sentence(first.reason ?? "");
  if (doubts.every(({ state }) => state === "off") && doubts.length === FIGURES.length)
    return `${NOTHING_YET}: ${first.reason}`;
  return doubts.map(({ term, reason }) => `${term}: ${reason}`).join(". ");
}

/** How a figure stands to the own baseline; empty when there is nothing to compare.
 * @param {Hrv} hrv @param {FigureName} name @param {string} unit */
export function ownWords(hrv, name, unit) {
  const compared = hrv.baseline?.compared?.[name];
  if (!compared || hrv[name] === null) return "";
  const usual = compared.baseline === null ? "" : ` of ${whole(compared.baseline)}\u00a0${unit}`;
  switch (compared.standing) {
    case "higher":
    case "lower":
      return `${compared.standing} than your own baseline${usual}`;
    case "about":
      return `about your baseline${usual}`;
    default:
      return `not compared with your baseline${usual}`;
  }
}

/** What is said of the own baseline itself; empty before anybody marked one.
 * @param {Hrv | null} hrv */
export function baselineNote(hrv) {
  const own = hrv?.baseline;
  if (!own) return "";
  const seen = `${Math.floor(own.clean_s)}\u00a0s of ${own.needed_s}\u00a0s`;
  switch (own.state) {
    case "gathering":
      if (own.clean_s < own.needed_s) return `Own baseline: ${seen} of clean signal so far`;
      return "Own baseline: enough clean signal; the next marker ends it";
    case "waiting":
      return "Own baseline: compared once a minute has passed since its end";
    case "ok":
      return `Own baseline: ${clock(own.from_s)} to ${clock(own.to_s)}`;
    case "too_short":
      return `Own baseline too short: ${seen} of clean signal`;
    default:
      return `Own baseline not used: ${own.reason}`;
  }
}

/** What the figures were counted from. @param {Hrv | null} hrv */
export function figureNote(hrv) {
  if (!hrv?.beats) return "";
  const counted = `${count(hrv.beats, "beat")} counted`;
  const share = hrv.artifact_share;
  return share === null ? counted : `${counted} \u00b7 ${percent(share)} left out`;
}

/** @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
