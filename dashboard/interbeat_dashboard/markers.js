/** @import { Maybe } from "./types.d.ts" */

/** The markers that have a key of their own. */
export const MARKER_KEYS = { 1: "baseline", 2: "conflict", 3: "repair", 4: "break" };

/** The key that stands for a label; free text has M. @param {string} label */
export function keyOf(label) {
  return Object.entries(MARKER_KEYS).find(([, text]) => text === label)?.[0] ?? "M";
}

/**
 * Marking: at once with a key or button, or with own words in a small dialog. The moment is the
 * one of the key press, however long the typing takes.
 *
 * @param {object} parts
 * @param {HTMLDialogElement} parts.dialog
 * @param {HTMLFormElement} parts.form
 * @param {HTMLInputElement} parts.input
 * @param {HTMLElement} parts.when
 * @param {(page_ms: number) => Maybe} parts.sessionTime
 * @param {(at_s: Maybe) => string} parts.whenWords
 * @param {(label: string, at_s: Maybe) => void} parts.send
 */
export function marking({ dialog, form, input, when, sessionTime, whenWords, send }) {
  /** @type {Maybe} */
  let at_s = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish(input.value.trim());
  });
  dialog.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (event.target === dialog || button?.dataset.cancel !== undefined) dialog.close();
    if (button?.dataset.label) finish(button.dataset.label);
  });

  /** @param {string} label */
  function finish(label) {
    if (label === "") return input.focus();
    dialog.close();
    send(label, at_s);
  }

  return {
    /** @param {string} label @param {number} page_ms */
    mark(label, page_ms) {
      send(label, sessionTime(page_ms));
    },
    /** @param {number} page_ms */
    ask(page_ms) {
      if (dialog.open) return;
      at_s = sessionTime(page_ms);
      input.value = "";
      when.textContent = whenWords(at_s);
      dialog.showModal();
      input.focus();
    },
  };
}
