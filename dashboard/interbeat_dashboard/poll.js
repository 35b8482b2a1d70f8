const EVERY_MS = 500;

/**
 * Ask for a document twice a second, one question at a time.
 *
 * @template T
 * @param {() => Promise<T>} question @param {(answer: T) => void} take
 * @param {(error: Error) => void} fail
 */
export function poll(question, take, fail) {
  let turn = 0;
  let over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function ask() {
    const own = ++turn;
    try {
      const answer = await question();
      // What a button has brought meanwhile is newer than this answer.
      if (own === turn && !over) take(answer);
    } catch (error) {
      if (own === turn && !over) fail(/** @type {Error} */ (error));
    }
    if (!over) timer = setTimeout(ask, EVERY_MS);
  }

  ask();
  return {
    /** An answer that came another way. @param {T} answer */
    take(answer) {
      turn += 1;
      take(answer);
    },
    /** Ask no more: the page is about to leave. */
    end() {
      over = true;
      clearTimeout(timer);
    },
    /** The page stays after all. */
    goOn() {
      over = false;
      ask();
    },
  };
}
