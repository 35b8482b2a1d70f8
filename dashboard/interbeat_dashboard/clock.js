/** @import { Maybe } from "./types.d.ts" */

/** How many answers are remembered: the quickest of them sets the clock. */
const REMEMBERED = 12;

/**
 * Session time as the page estimates it: half a round trip lies between the question and the
 * server's answer, so the quickest answer is the best one. Page times are in ms, as
 * `performance.now()` and `event.timeStamp` tell them.
 */
export function sessionClock() {
  /** @type {Map<number, number>} */
  const asked = new Map();
  /** @type {{ round_trip_ms: number, middle_ms: number, t_s: number }[]} */
  let answers = [];
  let nextId = 1;

  return {
    /** Note a question and give it its id. @param {number} page_ms */
    ask(page_ms) {
      asked.set(nextId, page_ms);
      return nextId++;
    },
    /** @param {number} id @param {number} t_s @param {number} page_ms */
    answer(id, t_s, page_ms) {
      const sent_ms = asked.get(id);
      if (sent_ms === undefined) return;
      asked.delete(id);
      const fresh = { round_trip_ms: page_ms - sent_ms, middle_ms: (sent_ms + page_ms) / 2, t_s };
      answers = [...answers, fresh].slice(-REMEMBERED);
    },
    /** Session time at a moment of the page, or null before the first answer.
     * @param {number} page_ms @param {number} [rate] how fast the session runs @returns {Maybe} */
    at(page_ms, rate = 1) {
      if (answers.length === 0) return null;
      const best = answers.reduce((p, q) => (q.round_trip_ms < p.round_trip_ms ? q : p));
      return best.t_s + (rate * (page_ms - best.middle_ms)) / 1000;
    },
    /** Forget everything: after a new connection the server may count anew. */
    reset() {
      asked.clear();
      answers = [];
    },
  };
}
