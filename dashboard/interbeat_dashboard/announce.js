const LEAST_PAUSE_MS = 30_000;

/**
 * Say what changed to a screen reader, politely and at most every 30 s: the newest sentence wins.
 *
 * @param {(text: string) => void} say @param {() => number} now_ms
 * @param {(then: () => void, ms: number) => unknown} later
 */
export function announcer(say, now_ms = () => performance.now(), later = setTimeout) {
  let said = "";
  let pending = "";
  let saidAt_ms = -Infinity;
  let waiting = false;

  function speak() {
    waiting = false;
    if (pending === said) return;
    said = pending;
    saidAt_ms = now_ms();
    say(said);
  }

  /** @param {string} text */
  return (text) => {
    pending = text;
    if (text === said || waiting) return;
    waiting = true;
    later(speak, Math.max(0, saidAt_ms + LEAST_PAUSE_MS - now_ms()));
  };
}
