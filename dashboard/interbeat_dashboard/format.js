/** @import { Maybe, ByPartner, Hearts } from "./types.d.ts" */

const NBSP = "\u00a0";
const MINUS = "\u2212";
/** Stands where a value is withdrawn or not known. */
export const UNKNOWN = "\u2013\u2009\u2013";

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/** Whose hearts a demo shows, in words. @param {Hearts | null} hearts */
export function wearers(hearts) {
  return hearts === "recorded" ? "Recorded hearts" : "Simulated people";
}

/** "0:42:17": elapsed time, always with hours. @param {number} s */
export function clock(s) {
  const whole = Math.max(0, Math.floor(s));
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** "27:42", or "1:04:12" from an hour on: a moment in a session. @param {number} s */
export function moment(s) {
  const whole = Math.max(0, Math.floor(s));
  return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : clock(whole);
}

/** "1 h 04 min", "28 min", "45 s": how long something took. @param {number} s */
export function duration(s) {
  const whole = Math.round(s);
  if (whole < 60) return `${whole}${NBSP}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes}${NBSP}min`;
  return `${Math.floor(minutes / 60)}${NBSP}h${NBSP}${two(minutes % 60)}${NBSP}min`;
}

/** "0.4 s", "19 s", "3 min": how old something is. @param {Maybe} s */
export function age(s) {
  if (s === null) return UNKNOWN;
  if (s < 9.95) return `${Math.max(0, s).toFixed(1)}${NBSP}s`;
  return wholeAge(s);
}

/** "5 s", "3 min", "2 h": an age in whole units, for a sentence. @param {number} s */
export function wholeAge(s) {
  if (s < 60) return `${Math.floor(Math.max(0, s))}${NBSP}s`;
  if (s < 3600) return `${Math.floor(s / 60)}${NBSP}min`;
  return `${Math.floor(s / 3600)}${NBSP}h`;
}

/** " · about 3 s behind": what a line's newest value is late by. @param {number | null} s */
export function behindWords(s) {
  return s === null ? "" : ` · about ${Math.max(1, Math.round(s))}${NBSP}s behind`;
}

/** "1 min" or "45 s": a length that a setting names. @param {number} s */
export function span(s) {
  if (s >= 60 && s % 60 === 0) return `${s / 60}${NBSP}min`;
  return `${Number(s.toFixed(2))}${NBSP}s`;
}

/** "5 minutes" or "45 seconds". @param {number} s */
export function spanWords(s) {
  const [n, unit] = s >= 60 && s % 60 === 0 ? [s / 60, "minute"] : [Number(s.toFixed(2)), "second"];
  return `${n}${NBSP}${unit}${n === 1 ? "" : "s"}`;
}

/** "last minute", "last 5 minutes". @param {number} s */
export function lastSpan(s) {
  return `last ${spanWords(s).replace(/^1\u00a0/, "")}`;
}

/** "−2 min", "−30 s" or "now": an instant before the right edge. @param {number} s */
export function before(s) {
  return s === 0 ? "now" : MINUS + span(s);
}

/** "+5", "−2.5" or "0". @param {number} n */
export function signed(n) {
  if (n === 0) return "0";
  return (n > 0 ? "+" : MINUS) + Number(Math.abs(n).toFixed(2));
}

/** "+0.41": a correlation. @param {Maybe} r */
export function correlation(r) {
  if (r === null) return UNKNOWN;
  const text = Math.abs(r).toFixed(2);
  if (text === "0.00") return text;
  return (r > 0 ? "+" : MINUS) + text;
}

/** "73", or a dash where nothing is known. @param {Maybe} value */
export function whole(value) {
  return value === null ? UNKNOWN : String(Math.round(value));
}

/** "1.2 %" below ten per cent, "12 %" above. @param {Maybe} share between 0 and 1 */
export function percent(share) {
  if (share === null) return UNKNOWN;
  const value = share * 100;
  const text = value === 0 || value >= 9.95 ? String(Math.round(value)) : value.toFixed(1);
  return `${text}${NBSP}%`;
}

/** "640 kB", "11 MB", "1.2 GB". @param {number} bytes */
export function size(bytes) {
  if (bytes < 1000) return `${bytes}${NBSP}bytes`;
  const step = bytes < 999_500 ? 1 : bytes < 999_500_000 ? 2 : 3;
  const value = bytes / 1000 ** step;
  const text = value < 9.95 && step > 1 ? value.toFixed(1) : String(Math.round(value));
  return `${text}${NBSP}${["", "kB", "MB", "GB"][step]}`;
}

/** "1 session", "5 sessions". @param {number} n @param {string} noun */
export function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

const SHORT_NAME = 14;

/** A name that fits beside other words: at most 14 letters, whole ones, of any script.
 * @param {string} name */
export function shortName(name) {
  const letters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  if (letters.length <= SHORT_NAME) return name;
  return `${letters.slice(0, SHORT_NAME - 1).join("").trimEnd()}\u2026`;
}

/** "Ana and Ben". @param {ByPartner<string>} labels */
export function pair(labels) {
  return `${labels.a} and ${labels.b}`;
}

/**
 * @param {string | null} iso @param {Intl.DateTimeFormatOptions} options @param {string} [timeZone]
 */
function dated(iso, options, timeZone) {
  const date = iso === null ? null : new Date(iso);
  if (date === null || Number.isNaN(date.getTime())) return "date unknown";
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone }).format(date).replace(/,/g, "");
}

/** "Tue 17 Nov". @param {string | null} iso @param {string} [timeZone] */
export function day(iso, timeZone) {
  return dated(iso, { weekday: "short", day: "numeric", month: "short" }, timeZone);
}

/** "20:04". @param {string | null} iso @param {string} [timeZone] */
export function timeOfDay(iso, timeZone) {
  return dated(iso, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, timeZone);
}

/** "November 2026". @param {string | null} iso @param {string} [timeZone] */
export function month(iso, timeZone) {
  return dated(iso, { month: "long", year: "numeric" }, timeZone);
}
