import { make, setText } from "./dom.js";

/**
 * The row of steps: those behind are ticked, the present one is marked.
 *
 * @param {HTMLElement} list @param {{ key: string, name: string, what: string }[]} steps
 * @param {string} now
 */
export function showSteps(list, steps, now) {
  const at = steps.findIndex((step) => step.key === now);
  if (list.children.length === 0) {
    list.append(
      ...steps.map(({ name, what }, i) =>
        make(
          "li",
          {},
          make("b", {}, make("span", { class: "step-number" }, String(i + 1)), ` ${name}`),
          make("span", { class: "quiet step-what" }, what),
        ),
      ),
    );
  }
  [...list.children].forEach((step, i) => {
    step.classList.toggle("done", i < at);
    if (i === at) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    setText(/** @type {Element} */ (step.querySelector(".step-number")), i < at ? "✓" : String(i + 1));
  });
}

/**
 * Beads that fill one after the other.
 *
 * @param {HTMLElement} row @param {number} count @param {number} value @param {number} needed
 */
export function showBeads(row, count, value, needed) {
  while (row.children.length < count) row.append(make("i", { class: "bead" }, make("i")));
  row.setAttribute("aria-valuenow", String(Math.floor(value)));
  row.setAttribute("aria-valuemax", String(needed));
  const each = needed / count;
  [...row.children].forEach((bead, i) => {
    const filled = Math.min(Math.max(value - i * each, 0), each) / each;
    /** @type {HTMLElement} */ (bead.firstElementChild).style.width = `${100 * filled}%`;
  });
}
