/** @import { Partner, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
/** @import { SignalWords } from "./signal.js" */
import { correlation, lastSpan, pair, wholeAge } from "./format.js";
import { between, mainExtent, newest } from "./series.js";
import { PARTNERS } from "./state.js";

/** One sentence that tells the heart-rate chart. @param {Run} run @param {View} view */
export function heartRateSummary(run, view) {
  const parts = PARTNERS.map((p) => heartRatePart(run, p, view));
  return `Over the ${lastSpan(view.window_s)}: ${parts.join("; ")}.`;
}

/** @param {Run} run @param {Partner} partner @param {View} view */
function heartRatePart(run, partner, view) {
  const label = run.hello?.session.labels[partner] ?? partner;
  const series = between(run.hr[partner], view.from_s, view.now_s);
  const range = mainExtent(series);
  const last = newest(series);
  if (range === null || last === null) return `nothing known of ${label} yet`;
  const [low, high] = range.map(Math.round);
  return `${label} between ${low} and ${high} beats per minute, last ${Math.round(last.value)}`;
}

/** One sentence that tells the strip. @param {Run} run @param {View} view */
export function stripSummary(run, view) {
  const { t, r } = run.columns;
  const last = t.length - 1;
  if (last < 0) return "No window is complete yet.";
  const middle = correlation(r[last][(r[last].length - 1) / 2] ?? null);
  const when = wholeAge(view.now_s - t[last]);
  return `The newest window stands ${when} back; its correlation at the same time is ${middle}.`;
}

/** Both straps in one sentence.
 * @param {Run} run @param {Record<Partner, SignalWords>} words */
export function signalSummary(run, words) {
  if (!run.hello) return "";
  const { labels } = run.hello.session;
  if (PARTNERS.every((p) => words[p].fresh)) return `${pair(labels)}: both signals good.`;
  return PARTNERS.map((p) => `${labels[p]}: ${words[p].text}.`).join(" ");
}
