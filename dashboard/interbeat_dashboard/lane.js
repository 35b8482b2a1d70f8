/** @import { View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { timeTicks } from "./axis.js";
import { make, plotMargins } from "./dom.js";
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
    lane.replaceChildren(
      ...shown.map((mark, i) => {
        const at = x(mark.at_s);
        const next = i + 1 < shown.length ? x(shown[i + 1].at_s) : end_px;
        const room = Math.max(BADGE_PX, next - at - 4);
        const key = keyOf(mark.label);
        const text = key === "M" ? `\u201c${mark.label}\u201d` : mark.label;
        return make(
          "div",
          {
            class: "mark",
            role: "listitem",
            title: mark.label,
            style: `left: ${at.toFixed(1)}px; max-width: ${room.toFixed(0)}px`,
          },
          make("span", { class: "mark-key", "aria-hidden": "true" }, key),
          make("span", { class: room < LEAST_TEXT_PX ? "hidden" : "mark-text" }, text),
        );
      }),
    );
  }

  /** @param {View} view @param {(t_s: number) => number} x @param {number} most */
  function drawTicks(view, x, most) {
    axis.replaceChildren(
      ...timeTicks(view, Math.max(3, most)).map(({ t_s, label }) =>
        make(
          "span",
          { class: label === "now" ? "tick tick-now" : "tick", style: `left: ${x(t_s).toFixed(1)}px` },
          label,
        ),
      ),
    );
  }
}
