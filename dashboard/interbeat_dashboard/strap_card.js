/** @import { ByPartner, Straps } from "./types.d.ts" */
import { day } from "./format.js";

/** The last characters of a name tell straps of one model apart. */
const TAIL = 4;

/**
 * What the card of a new session says of straps.
 *
 * @param {Straps} straps
 * @returns {{ strap: ByPartner<string>, primary: "straps" | "simulated", note: string, calibrated: string }}
 */
export function strapCard({ bluetooth_problem, virtual, remembered, calibrations }) {
  return {
    strap: { a: short(remembered.a), b: short(remembered.b) },
    primary: bluetooth_problem === null ? "straps" : "simulated",
    note: virtual ? "The straps are virtual ones: nobody wears them." : (bluetooth_problem ?? ""),
    calibrated: calibrations.length ? comparison(calibrations[0]) : "",
  };
}

/** "H10 ··4F21", as short as a card needs it.
 * @param {{ name: string, model: string } | null} strap */
export function short(strap) {
  if (strap === null) return "";
  const { name, model } = strap;
  const own = name.startsWith(model) ? name.slice(model.length).trim() : "";
  if (own === "") return name;
  const brief = model.split(" ").at(-1);
  return own.length > TAIL && !own.includes(" ") ? `${brief} ··${own.slice(-TAIL)}` : `${brief} ${own}`;
}

/** @param {Straps["calibrations"][number]} calibration */
function comparison({ a, b, offset_ms, sigma_ms, measured_utc }) {
  const [late, early] = offset_ms < 0 ? [a, b] : [b, a];
  const by = `${Math.round(Math.abs(offset_ms))}\u00a0±\u00a0${Math.ceil(sigma_ms)}\u00a0ms`;
  return `Compared on ${day(measured_utc)}: ${short(late)} reports ${by} later than ${short(early)}. This is taken into account.`;
}
