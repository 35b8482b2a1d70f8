/** @import { ByPartner } from "./types.d.ts" */

const KEY = "interbeat-names";

/** Take the names along to the next page of this visit. @param {ByPartner<string>} names */
export function carryNames(names) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // A browser that forbids storage asks for the names again.
  }
}

/** The names that were taken along, or null. @returns {ByPartner<string> | null} */
export function carriedNames() {
  try {
    const names = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return typeof names?.a === "string" && typeof names?.b === "string" ? names : null;
  } catch {
    return null;
  }
}
