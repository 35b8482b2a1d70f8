const HOLD_MS = 1000;

/**
 * A button that acts only after it was held for a second, by pointer or by key, so that
 * nothing ends by accident.
 *
 * @param {HTMLElement} button @param {() => void} act
 */
export function holdButton(button, act) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function press() {
    if (timer !== undefined) return;
    button.classList.add("held");
    timer = setTimeout(() => {
      release();
      act();
    }, HOLD_MS);
  }

  function release() {
    clearTimeout(timer);
    timer = undefined;
    button.classList.remove("held");
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) press();
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) {
    button.addEventListener(end, release);
  }
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    press();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
