/** @import { ByPartner, Gap, Partner, View } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { spread } from "./axis.js";
import { make, makeSvg, plotMargins, setText } from "./dom.js";
import { UNKNOWN, shortName, wholeAge, whole } from "./format.js";
import { between, extent, meanBetween } from "./series.js";
import { PARTNERS } from "./state.js";

const GAP_HEIGHT = 28;
const LABELS_APART = 26;
/** A gap stands at the height of the line over this long beside it. */
const BESIDE_S = 5;
const LEAST_BOX_PX = 3;
const LETTER_PX = 6.2;
const TEXT_PX = 14;

/**
 * @typedef {object} Tip the end of a partner's line
 * @property {number} t_s
 * @property {number} bpm
 * @property {boolean} fresh
 * @property {string} note said instead of the value when it is withdrawn
 */

/**
 * What stands on the heart-rate chart and Plotly cannot draw: hatched gaps with their reasons, the
 * ends of the lines with name and value, and the lines of the markers.
 *
 * @param {HTMLElement} element lies exactly over the chart
 */
export function overlay(element) {
  const drawing = /** @type {SVGSVGElement} */ (makeSvg("svg", { "aria-hidden": "true" }));
  const marks = makeSvg("g", { class: "mark-lines" });
  const gaps = makeSvg("g");
  const dots = makeSvg("g");
  drawing.append(hatching(), marks, gaps, dots);
  const labels = { a: tipLabel("a"), b: tipLabel("b") };
  element.append(drawing, labels.a.element, labels.b.element);

  return {
    /**
     * @param {Run} run @param {View} view @param {(bpm: number) => number} y
     * @param {ByPartner<Tip | null>} tips
     */
    draw(run, view, y, tips) {
      const { left, right } = plotMargins();
      const width = element.clientWidth - left - right;
      const height = element.clientHeight;
      const x = (/** @type {number} */ t_s) => left + ((t_s - view.from_s) / view.window_s) * width;
      marks.replaceChildren(
        ...run.marks
          .filter((m) => m.at_s >= view.from_s && m.at_s <= view.now_s)
          .map((m) => makeSvg("line", { x1: x(m.at_s), x2: x(m.at_s), y1: 0, y2: height })),
      );
      gaps.replaceChildren(...gapBoxes(run, view, x, y, left + width, height));
      const inSight = PARTNERS.filter((p) => (tips[p]?.t_s ?? -Infinity) >= view.from_s);
      dots.replaceChildren(...inSight.flatMap((p) => dot(p, tips[p], x, y)));
      const heights = PARTNERS.map((p, i) => (tips[p] ? y(tips[p].bpm) : height / 2 + 40 * i));
      const placed = spread([heights[0], heights[1]], LABELS_APART, 14, height - 14);
      PARTNERS.forEach((p, i) => {
        labels[p].show(run.hello?.session.labels[p] ?? "", tips[p], placed[i]);
      });
    },
  };
}

function hatching() {
  return makeSvg(
    "defs",
    {},
    makeSvg(
      "pattern",
      {
        id: "hatch",
        width: 6,
        height: 6,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
      },
      makeSvg("rect", { class: "hatch-ground", width: 6, height: 6 }),
      makeSvg("line", { class: "hatch-line", x1: 0, x2: 0, y1: 0, y2: 6 }),
    ),
  );
}

/** @param {Partner} partner @param {Tip | null} tip
 * @param {(t_s: number) => number} x @param {(bpm: number) => number} y */
function dot(partner, tip, x, y) {
  if (tip === null) return [];
  const shape = { cx: x(tip.t_s), cy: y(tip.bpm), r: tip.fresh ? 4 : 5 };
  return [makeSvg("circle", { ...shape, class: tip.fresh ? `dot-${partner}` : `ring-${partner}` })];
}

/**
 * All gaps in sight, the newest first: where two texts would meet, the older one stays away.
 *
 * @param {Run} run @param {View} view
 * @param {(t_s: number) => number} x @param {(bpm: number) => number} y
 * @param {number} right_px @param {number} bottom_px
 */
function gapBoxes(run, view, x, y, right_px, bottom_px) {
  /** @type {{ centre: number, half: number, y: number }[]} */
  const placed = [];
  const shown = run.gaps.filter(
    (g) => g.from_s < view.now_s && (g.to_s ?? view.now_s) > view.from_s,
  );
  return shown
    .sort((p, q) => q.from_s - p.from_s)
    .flatMap((gap) => {
      const to_s = gap.to_s ?? view.now_s;
      const own = heightBeside(run, gap.partner, gap.from_s, to_s);
      if (own === null) return [];
      const start = x(Math.max(gap.from_s, view.from_s));
      const end = Math.min(right_px, Math.max(start + LEAST_BOX_PX, x(to_s)));
      const box = makeSvg("rect", {
        x: start,
        y: y(own) - GAP_HEIGHT / 2,
        width: end - start,
        height: GAP_HEIGHT,
        rx: 2,
        class: "gap-box",
      });
      const text = gapWords(run, gap, to_s);
      const half = (text.length * LETTER_PX) / 2;
      const left_px = x(view.from_s);
      const centre = Math.min(Math.max((start + end) / 2, left_px + half), right_px - half);
      const per_px = view.window_s / (right_px - left_px);
      const from_s = view.from_s + (centre - half - left_px) * per_px;
      const other = heightBeside(run, gap.partner === "a" ? "b" : "a", gap.from_s, to_s);
      const above = other === null ? gap.partner === "a" : own >= other;
      const line = between(run.hr[gap.partner], from_s, from_s + 2 * half * per_px);
      const [low, high] = extent([line]) ?? [own, own];
      const middle = above
        ? Math.max(12, Math.min(y(high), y(own) - GAP_HEIGHT / 2) - 8)
        : Math.min(bottom_px - 4, Math.max(y(low), y(own) + GAP_HEIGHT / 2) + 16);
      const meets = placed.some(
        (p) => Math.abs(p.centre - centre) < p.half + half && Math.abs(p.y - middle) < TEXT_PX,
      );
      if (meets) return [box];
      placed.push({ centre, half, y: middle });
      const leader = makeSvg("line", {
        x1: (start + end) / 2,
        x2: (start + end) / 2,
        y1: y(own) + (above ? -GAP_HEIGHT : GAP_HEIGHT) / 2,
        y2: middle + (above ? 3 : -12),
        class: "gap-leader",
      });
      return [leader, box, makeSvg("text", { x: centre, y: middle, class: "gap-text" }, text)];
    });
}

/** @param {Run} run @param {Gap} gap @param {number} to_s */
function gapWords(run, gap, to_s) {
  const name = shortName(run.hello?.session.labels[gap.partner] ?? "");
  const reason = (gap.reason ?? "").replaceAll("_", " ") || "no signal";
  return `${name}: ${reason}, ${wholeAge(Math.max(1, to_s - gap.from_s))}`;
}

/** The heart rate just before a gap, else just after it.
 * @param {Run} run @param {Partner} partner @param {number} from_s @param {number} to_s */
function heightBeside({ hr }, partner, from_s, to_s) {
  return (
    meanBetween(hr[partner], from_s - BESIDE_S, from_s) ??
    meanBetween(hr[partner], to_s, to_s + BESIDE_S)
  );
}

/** The name and value at the end of a line. @param {Partner} partner */
function tipLabel(partner) {
  const name = make("span", { class: "tip-name" });
  const value = make("span", { class: "tip-value" });
  const note = make("span", { class: "tip-note" });
  const element = make(
    "div",
    { class: `tip text-${partner}`, "aria-hidden": "true" },
    name,
    value,
    note,
  );
  return {
    element,
    /** @param {string} label @param {Tip | null} tip @param {number} y */
    show(label, tip, y) {
      element.hidden = tip === null;
      if (tip === null) return;
      setText(name, label);
      setText(value, tip.fresh ? whole(tip.bpm) : UNKNOWN);
      setText(note, tip.note);
      element.style.transform = `translateY(${Math.round(y)}px)`;
    },
  };
}
