/** @import { ByPartner, LinkState, Maybe, RawSignal, Signal } from "./types.d.ts" */
import { wholeAge } from "./format.js";
import { PARTNERS } from "./state.js";

/**
 * @typedef {object} SignalWords a strap's state as shape and words
 * @property {LinkState} state
 * @property {string} text
 * @property {string} remedy what to do about it, or ""
 * @property {Maybe} age_s of the newest packet
 * @property {boolean} fresh whether its newest value may be shown as current
 */

/** The age of the newest packet now: told by the server, counted on by the page.
 * @param {Signal} signal @param {number} since_s seconds since the server told it
 * @returns {Maybe} */
export function ageNow(signal, since_s) {
  return signal.age_s === null ? null : signal.age_s + Math.max(0, since_s);
}

/**
 * @param {Signal | null} signal @param {Maybe} age_s @param {number} stale_after_s
 * @param {Maybe} gap_s how long nothing has been known, null while something is
 * @returns {SignalWords}
 */
export function signalWords(signal, age_s, stale_after_s, gap_s = null) {
  const words = (/** @type {LinkState} */ state, /** @type {string} */ text, remedy = "") => ({
    state,
    text,
    remedy,
    age_s,
    fresh: state === "streaming",
  });
  if (signal === null) return words("scanning", "waiting for the strap");
  const silent = signal.state === "streaming" && age_s !== null && age_s > stale_after_s;
  const state = silent ? "stale" : signal.state;
  switch (state) {
    case "scanning":
      return words(state, "looking for the strap", reason(signal));
    case "connecting":
      return words(state, "connecting");
    case "streaming":
      return words(state, signal.contact ? "contact good" : "signal good", reason(signal));
    case "stale":
      return words(state, age_s === null ? "stale" : `stale, ${wholeAge(age_s)} old`);
    case "no_contact":
      return words(state, lasting("no contact", gap_s), "Moisten the strap");
    case "no_pulse":
      return words(state, lasting("searching for a pulse", gap_s), "Moisten the strap and hold still");
    case "lost":
    case "backoff":
      return words(state, "lost, trying again", reason(signal));
  }
}

/** Below this a battery may end before the session does. */
export const LOW_BATTERY_PERCENT = 15;

/** "battery low, 9 %", or "" while there is enough, or nobody knows. @param {Signal | null} signal */
export function batteryWarning(signal) {
  const percent = signal?.battery_percent ?? null;
  return percent !== null && percent <= LOW_BATTERY_PERCENT ? `battery low, ${percent}\u00a0%` : "";
}

/** @type {[RawSignal, string][]} */
const RAW_NAMES = [
  ["ecg", "ECG"],
  ["acceleration", "acceleration"],
];

/** What is recorded beside the intervals, and of whom; "" while nothing is.
 * @param {ByPartner<Signal> | null} signals @param {ByPartner<string>} labels */
export function rawNote(signals, labels) {
  const parts = RAW_NAMES.map(([raw, name]) => {
    const owners = PARTNERS.filter((p) => signals?.[p].raw.includes(raw)).map((p) => labels[p]);
    return owners.length === 0 ? "" : `${name} of ${owners.join(" and ")}`;
  }).filter(Boolean);
  if (parts.length === 0) return "";
  return `Recorded raw as well: ${parts.join("; ")}. It stays in the file of this session, on this computer.`;
}

/** @param {string} what @param {Maybe} for_s */
const lasting = (what, for_s) => (for_s === null ? what : `${what}, ${wholeAge(for_s)}`);

/** @param {Signal} signal */
const reason = (signal) => signal.reason?.replaceAll("_", " ") ?? "";
