/** @import { Point, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { make } from "./dom.js";
import { correlation, moment, signed, whole } from "./format.js";
import { rhythms } from "./charts.js";
import { firstFrom, valueNear } from "./series.js";

const MOST_ROWS = 20;
const STEP_S = 10;

/**
 * Let a button put a table in the place of a chart. The table is a snapshot: it does not change
 * under a reader.
 *
 * @param {HTMLElement} button @param {HTMLElement} place @param {() => HTMLTableElement} table
 */
export function tableButton(button, place, table) {
  button.addEventListener("click", () => {
    const open = place.hidden;
    place.replaceChildren(...(open ? [table()] : []));
    place.hidden = !open;
    button.textContent = open ? "show as chart" : "show as table";
    button.setAttribute("aria-expanded", String(open));
  });
}

/** The ten-second rhythm of both, every ten seconds. @param {Run} run @param {View} view */
export function heartRateTable(run, view) {
  const labels = run.hello?.session.labels ?? { a: "A", b: "B" };
  const slow = rhythms(run, view);
  const rows = steps(view).map((t_s) => [
    moment(t_s),
    whole(valueNear(slow.a, t_s, 1)),
    whole(valueNear(slow.b, t_s, 1)),
  ]);
  const caption = `Heart rate in beats per minute, mean of ten seconds, up to ${moment(view.now_s)}`;
  return table(caption, ["Time", labels.a, labels.b], rows);
}

/** The correlation at five lags, every ten seconds. @param {Run} run @param {View} view */
export function lagTable(run, view) {
  const lag_s = run.hello?.settings.lag_s ?? [];
  const picks = [
    ...new Set([1, 0.75, 0.5, 0.25, 0].map((p) => Math.round(p * (lag_s.length - 1)))),
  ];
  const { t, r } = run.columns;
  const rows = steps(view).flatMap((t_s) => {
    const i = firstFrom(t, t_s - 0.5);
    if (i >= t.length || t[i] > t_s + STEP_S / 2) return [];
    return [[moment(t[i]), ...picks.map((p) => correlation(r[i][p]))]];
  });
  const caption = `Windowed synchrony: correlation by lag, up to ${moment(view.now_s)}`;
  return table(caption, ["Time", ...picks.map((p) => `${signed(lag_s[p])} s`)], rows);
}

/** Linkage over the session, at moments evenly spread over it. @param {Point[]} points */
export function connectionTable(points) {
  const step = Math.ceil(points.length / MOST_ROWS);
  const picked = points.filter((_, i) => (points.length - 1 - i) % step === 0).reverse();
  const words = {
    not_enough_data: "gathering",
    same_source: "same signal",
    no_linkage: "within chance",
    linked: "beyond chance",
  };
  const rows = picked.map((point) => [
    moment(point.t_s),
    correlation(point.r),
    correlation(point.chance_r),
    words[point.state],
  ]);
  const caption = "Connection: correlation over the 20 minutes before each moment, and what chance reaches";
  return table(caption, ["Time", "Correlation", "Chance", ""], rows);
}

/** @param {View} view */
function steps({ from_s, now_s }) {
  const all = [];
  for (let k = Math.floor(now_s / STEP_S); k * STEP_S > from_s && k >= 0; k--) all.push(k * STEP_S);
  return all.slice(0, MOST_ROWS);
}

/** @param {string} caption @param {string[]} head @param {string[][]} rows */
function table(caption, head, rows) {
  return make(
    "table",
    {},
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
    make(
      "tbody",
      {},
      ...rows.map(([time, ...values]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, time),
          ...values.map((text) => make("td", {}, text)),
        ),
      ),
    ),
  );
}
