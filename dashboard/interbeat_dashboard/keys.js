import { MARKER_KEYS } from "./markers.js";
import { partnerOf } from "./speaking.js";

/** @import { Partner } from "./types.d.ts" */

const MOVES_A_SLIDER = /^(Arrow|Home|End|Page)/;

/**
 * The keys of the page. A key that belongs to a field, a dialog or a focused button stays there.
 *
 * @param {object} page
 * @param {() => "live" | "replay" | undefined} page.mode
 * @param {(direction: 1 | -1) => void} page.zoom
 * @param {(key: string) => boolean} page.transport
 * @param {() => void} page.freeze
 * @param {(page_ms: number) => void} page.ask
 * @param {(label: string, page_ms: number) => void} page.mark
 * @param {(partner: Partner, page_ms: number) => void} page.speak
 * @param {(partner: Partner, page_ms: number) => void} page.fallSilent
 */
export function keyboard({ mode, zoom, transport, freeze, ask, mark, speak, fallSilent }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (target.closest("input:not([type=range]), select, dialog[open]")) return;
    if (target.closest("input") && MOVES_A_SLIDER.test(key)) return;
    if (key === " " && target.closest("button, a, summary")) return;
    if (act(key, event.timeStamp)) event.preventDefault();
  });

  document.addEventListener("keyup", (event) => {
    const partner = partnerOf(event.key.toLowerCase());
    if (partner) fallSilent(partner, event.timeStamp);
  });

  /** @param {string} key @param {number} page_ms */
  function act(key, page_ms) {
    if (key === "+" || key === "=") zoom(1);
    else if (key === "-" || key === "\u2212") zoom(-1);
    else if (mode() === "replay") return transport(key);
    else if (key === " ") freeze();
    else if (key === "m") ask(page_ms);
    else if (key in MARKER_KEYS) mark(MARKER_KEYS[/** @type {"1"} */ (key)], page_ms);
    else if (partnerOf(key)) speak(/** @type {Partner} */ (key), page_ms);
    else return false;
    return true;
  }
}
