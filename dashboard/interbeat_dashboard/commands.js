/** @import { Fitting } from "./types.d.ts" */
import { ask } from "./api.js";
import { byId, setText } from "./dom.js";

/**
 * What the buttons of a page for straps ask of the server: one thing at a time. A refusal stays
 * until the next press, whatever is polled meanwhile.
 *
 * @template {Fitting} T
 * @param {string} api @param {{ take: (answer: T) => void, redraw: () => void }} page
 */
export function commands(api, { take, redraw }) {
  let busy = false;
  /** @type {string | null} */
  let refusal = null;
  return {
    /** Whether a request is under way that a button began. */
    busy: () => busy,
    /** Why a button was refused. */
    refusal: () => refusal,
    /** Do what a button asks for. @param {() => Promise<void>} act */
    async carryOut(act) {
      if (busy) return;
      busy = true;
      refusal = null;
      redraw();
      try {
        await act();
      } catch (error) {
        refusal = /** @type {Error} */ (error).message;
      }
      busy = false;
      redraw();
    },
    /** Ask for a change, and take the document that comes back.
     * @param {string} path @param {object} [body] */
    async tell(path, body = {}) {
      take(await ask("POST", `${api}/${path}`, body));
    },
  };
}

/** Say what is in the way, or (null) that nothing is. @param {string | null} text */
export function showProblem(text) {
  byId("problem").hidden = text === null;
  setText(byId("problem"), text ?? "");
}

/** Nothing could be begun: say so instead of a step. @param {Error} error */
export function showObstacle({ message }) {
  setText(byId("title"), "Straps cannot be fitted now");
  showProblem(message);
}

/** Lead back to the session that is being recorded meanwhile. @param {string | null} run */
export function showRecording(run) {
  const link = byId("to-run");
  link.hidden = run === null;
  if (run !== null) link.setAttribute("href", `/run/${encodeURIComponent(run)}`);
}
