/** @import { Mark, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { timeTicks } from "./axis.js";
import { make, plotMargins } from "./dom.js";
import { moment } from "./format.js";
import { keyOf } from "./markers.js";

const TICK_ROOM_PX = 64;
const BADGE_PX = 20;
/** Less room than this shows the key of a marker without its text. */
const LEAST_TEXT_PX = 64;

/**
 * The markers' lane and, under it, the one time axis of all charts.
 *
 * @param {HTMLElement} lane @param {HTMLElement} axis
 */
export function timeLane(lane, axis) {
  /** @type {WeakMap<Mark, HTMLElement>} */
  const made = new WeakMap();

  return {
    /** @param {Run} run @param {View} view */
    draw(run, view) {
      const { left, right } = plotMargins();
      const width = lane.clientWidth - left - right;
      const x = (/** @type {number} */ t_s) => left + ((t_s - view.from_s) / view.window_s) * width;
      drawMarks(run, view, x, lane.clientWidth);
      drawTicks(view, x, Math.floor(width / TICK_ROOM_PX) + 1);
    },
  };

  /** @param {Run} run @param {View} view @param {(t_s: number) => number} x @param {number} end_px */
  function drawMarks(run, view, x, end_px) {
    const shown = run.marks.filter((m) => m.at_s >= view.from_s && m.at_s <= view.now_s);
    const elements = shown.map(elementOf);
    // What stands there already stays, so that a tooltip or a reader does not lose its place.
    const same = elements.length === lane.children.length;
    if (!same || elements.some((each, i) => each !== lane.children[i]))
      lane.replaceChildren(...elements);
    shown.forEach((mark, i) => {
      const at = x(mark.at_s);
      const next = i + 1 < shown.length ? x(shown[i + 1].at_s) : end_px;
      const room = Math.max(BADGE_PX, next - at - 4);
      elements[i].style.left = `${at.toFixed(1)}px`;
      elements[i].style.maxWidth = `${room.toFixed(0)}px`;
      elements[i].classList.toggle("mark-narrow", room < LEAST_TEXT_PX);
    });
  }

  /** @param {Mark} mark */
  function elementOf(mark) {
    const known = made.get(mark);
    if (known) return known;
    const key = keyOf(mark.label);
    const text = key === "M" ? `\u201c${mark.label}\u201d` : mark.label;
    const element = make(
      "div",
      { class: "mark", role: "listitem", title: `${mark.label}, ${moment(mark.at_s)}` },
      make("span", { class: "mark-key", "aria-hidden": "true" }, key),
      make("span", { class: "mark-text" }, text),
    );
    made.set(mark, element);
    return element;
  }

  /** @param {View} view @param {(t_s: number) => number} x @param {number} most */
  function drawTicks(view, x, most) {
    axis.replaceChildren(
      ...timeTicks(view, Math.max(3, most)).map(({ t_s, label }) =>
        make(
          "span",
          {
            class: label === "now" ? "tick tick-now" : "tick",
            style: `left: ${x(t_s).toFixed(1)}px`,
          },
          label,
        ),
      ),
    );
  }
}
