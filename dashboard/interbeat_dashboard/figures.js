/** @import { FigureName, Hrv } from "./types.d.ts" */
import { count, percent } from "./format.js";

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
