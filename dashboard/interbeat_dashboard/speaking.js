/** @import { Partner } from "./types.d.ts" */

/**
 * A partner speaks as long as a key or a button is held, by pointer, touch or keyboard. Whatever
 * takes the page away lets go of it.
 *
 * @param {object} page
 * @param {Record<Partner, HTMLElement>} page.buttons
 * @param {() => boolean} page.recording
 * @param {(partner: Partner, on: boolean, page_ms: number) => void} page.tell
 */
export function speaking({ buttons, recording, tell }) {
  /** @type {Set<Partner>} */
  const held = new Set();

  /** @param {Partner} partner @param {number} page_ms */
  function press(partner, page_ms) {
    if (held.has(partner) || !recording()) return;
    held.add(partner);
    tell(partner, true, page_ms);
  }

  /** @param {Partner} partner @param {number} page_ms */
  function release(partner, page_ms) {
    if (held.delete(partner)) tell(partner, false, page_ms);
  }

  /** @param {Event} event */
  function releaseAll(event) {
    for (const partner of [...held]) release(partner, event.timeStamp);
  }

  for (const [name, button] of Object.entries(buttons)) {
    const partner = /** @type {Partner} */ (name);
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // The finger may slide off the button: it is held until it is lifted.
      button.setPointerCapture(event.pointerId);
      press(partner, event.timeStamp);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
      button.addEventListener(end, (event) => release(partner, event.timeStamp));
    }
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      press(partner, event.timeStamp);
    });
    button.addEventListener("keyup", (event) => {
      if (event.key === " " || event.key === "Enter") release(partner, event.timeStamp);
    });
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }
  addEventListener("blur", releaseAll);
  addEventListener("pagehide", releaseAll);
  document.addEventListener("visibilitychange", (event) => document.hidden && releaseAll(event));

  return { press, release };
}

/** The partner whose key this is. @param {string} key @returns {Partner | undefined} */
export function partnerOf(key) {
  return key === "a" || key === "b" ? key : undefined;
}
