/** @import { Partner, PlotlyCalls, Series, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { eased, valueRange, valueTicks } from "./axis.js";
import { colour, plotMargins } from "./dom.js";
import { between, emptySeries, mainExtent, rhythm, thinned } from "./series.js";
import { PARTNERS, upToNow } from "./state.js";

const MAX_POINTS = 1200;
/** Beats are drawn one by one in windows up to this long. */
const BEATS_WINDOW_S = 60;
const RHYTHM_S = 10;
/** The slow line begins on a multiple of this, so that its dashes stay where they are. */
const ANCHOR_S = 60;
const EASE = 0.35;
const MARGIN_TOP = 6;
const MARGIN_BOTTOM = 6;

const CONFIG = {
  staticPlot: true,
  displayModeBar: false,
  displaylogo: false,
  responsive: false,
  showSendToCloud: false,
  plotlyServerURL: "",
};

/** Wait for the chart library, which loads beside the page. @returns {Promise<PlotlyCalls>} */
export async function plotly() {
  if (window.Plotly) return window.Plotly;
  const script = document.querySelector("script#plotly");
  await new Promise((loaded, failed) => {
    script?.addEventListener("load", loaded);
    script?.addEventListener("error", failed);
  });
  if (!window.Plotly) throw new Error("The chart library did not load.");
  return window.Plotly;
}

/**
 * The slow lines of both partners, sampled on whole seconds.
 *
 * @param {Run} run @param {View} view
 * @returns {{ a: Series, b: Series }}
 */
export function rhythms(run, { from_s, now_s, window_s }) {
  const fs_hz = run.hello?.settings.fs_hz ?? 4;
  const settings = {
    from_s: Math.floor(from_s / ANCHOR_S) * ANCHOR_S,
    to_s: now_s,
    step_s: Math.max(1, Math.ceil(window_s / 1000)),
    half_s: RHYTHM_S / 2,
    near_s: 2.4 / fs_hz,
    least: 0.4 * RHYTHM_S * fs_hz,
  };
  return { a: rhythm(upToNow(run, "a"), settings), b: rhythm(upToNow(run, "b"), settings) };
}

/**
 * The heart-rate chart: per partner a pale 4 Hz line, dotted where it is provisional, a strong slow
 * line and, in a short window, the beats. It owns the value axis; the time axis is shared with the rest of the page.
 *
 * @param {HTMLElement} element
 * @param {PlotlyCalls} library
 */
export async function heartRateChart(element, library) {
  /** @type {[number, number] | null} */
  let target = null;
  /** @type {[number, number] | null} */
  let range = null;
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");

  await library.newPlot(element, traces(), layout(element), CONFIG);

  return {
    /**
     * @param {Run} run @param {View} view
     * @param {{ a: Series, b: Series } | null} slow the slow lines when they are due, else null
     */
    draw(run, view, slow) {
      const pale = PARTNERS.map((p) => between(run.hr[p], view.from_s, view.now_s));
      const ends = PARTNERS.map((p) => provisionalEnd(run, p, view));
      target = valueRange(reach(pale) ?? reach(ends), target);
      range = range === null || reduced.matches ? target : eased(range, target, EASE);
      const lines = pale.map((series) => thinned(series, view.window_s, MAX_POINTS));
      const beats = PARTNERS.map((p) => beatsOf(run, p, view));
      const drawn = [...lines, ...ends, ...beats, ...(slow ? [slow.a, slow.b] : [])];
      library.update(
        element,
        { x: drawn.map((s) => s.t), y: drawn.map((s) => s.v) },
        {
          "xaxis.range": [view.from_s, view.now_s],
          "yaxis.range": range,
          "yaxis.tickvals": valueTicks(target),
        },
        drawn.map((_, i) => i),
      );
    },
    /** Where a heart rate stands, in px from the top of the chart. @param {number} bpm */
    y(bpm) {
      const [low, high] = range ?? [50, 90];
      const height = element.clientHeight - MARGIN_TOP - MARGIN_BOTTOM;
      return MARGIN_TOP + ((high - bpm) / (high - low)) * height;
    },
    /** The value axis begins anew with the next drawing. */
    reset() {
      target = range = null;
    },
    resize() {
      library.relayout(element, {
        width: element.clientWidth,
        height: element.clientHeight,
        ...margins(),
      });
    },
    recolour() {
      const fresh = traces();
      library.restyle(
        element,
        {
          "line.color": fresh.map((t) => t.line.color),
          "marker.color": fresh.map((t) => t.line.color),
        },
        fresh.map((_, i) => i),
      );
      library.relayout(element, colours());
    },
  };
}

/** What the value axis has to hold. @param {Series[]} all @returns {[number, number] | null} */
function reach(all) {
  const known = all.map(mainExtent).filter((range) => range !== null);
  if (known.length === 0) return null;
  return [Math.min(...known.map(([low]) => low)), Math.max(...known.map(([, high]) => high))];
}

/** The newest samples, from the last one that stays; a frozen view soon has none.
 * @param {Run} run @param {Partner} partner @param {View} view @returns {Series} */
function provisionalEnd(run, partner, view) {
  const last_s = run.hr[partner].t.at(-1);
  if (last_s !== undefined && last_s > view.now_s) return emptySeries();
  return between(upToNow(run, partner, last_s), view.from_s, view.now_s);
}

/** @param {Run} run @param {Partner} partner @param {View} view @returns {Series} */
function beatsOf(run, partner, view) {
  if (view.window_s > BEATS_WINDOW_S) return emptySeries();
  const { t, v } = between(run.beats[partner], view.from_s, view.now_s);
  return { t, v: v.map((rr_ms) => (rr_ms === null ? null : 60_000 / rr_ms)) };
}

/** Pale lines first and their provisional ends, then beats, then the slow lines on top. */
function traces() {
  const style = PARTNERS.map((p) => ({
    color: colour(`${p}-line`),
    dash: p === "a" ? "solid" : "9px,5px",
    symbol: p === "a" ? "circle" : "diamond",
  }));
  const base = { type: "scatter", x: [], y: [], connectgaps: false, hoverinfo: "skip" };
  return [
    ...["solid", "dot"].flatMap((dash) =>
      style.map(({ color }) => ({
        ...base,
        mode: "lines",
        opacity: 0.42,
        line: { color, dash, width: 1 },
      })),
    ),
    ...style.map(({ color, symbol }) => ({
      ...base,
      mode: "markers",
      opacity: 0.55,
      line: { color },
      marker: { color, symbol, size: 4, line: { width: 0 } },
    })),
    ...style.map(({ color, dash }) => ({
      ...base,
      mode: "lines",
      line: { color, dash, width: 2.2, simplify: false },
    })),
  ];
}

function margins() {
  const { left, right } = plotMargins();
  return { margin: { l: left, r: right, t: MARGIN_TOP, b: MARGIN_BOTTOM, pad: 0 } };
}

function colours() {
  return { "yaxis.gridcolor": colour("grid"), "yaxis.tickfont.color": colour("ink-2") };
}

/** @param {HTMLElement} element */
function layout(element) {
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    ...margins(),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    showlegend: false,
    uirevision: "interbeat",
    xaxis: { visible: false, range: [0, 1], fixedrange: true },
    yaxis: {
      range: [50, 90],
      fixedrange: true,
      zeroline: false,
      gridcolor: colour("grid"),
      tickmode: "array",
      tickvals: [60, 70, 80],
      ticklabelstandoff: 12,
      tickfont: {
        family: getComputedStyle(document.body).fontFamily,
        size: 12,
        color: colour("ink-2"),
      },
    },
  };
}
