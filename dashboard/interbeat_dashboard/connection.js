/** @import { Point } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { make, makeSvg, plotMargins, setText } from "./dom.js";
import { moment } from "./format.js";
import { beads, gathering, pathOf, rWords, runsOf } from "./together.js";

const BEADS = 8;
const LEAST_S = 600;
const TOP_R = 0.6;
const STEPS_S = [60, 120, 300, 600, 1200, 1800, 3600, 7200];
const MOST_TICKS = 8;
const GRID_R = [-0.6, -0.3, 0, 0.3, 0.6];
const BEFORE =
  "Nothing is said of the two before eight clean minutes that are three quarters of the time.";

/**
 * Connection over the session: its correlation over the twenty minutes before each moment, above
 * the zone that chance reaches; hatched while gathering.
 *
 * @param {HTMLElement} element
 */
export function connectionLane(element) {
  const drawing = makeSvg("svg", { "aria-hidden": "true" });
  const name = make("span", { class: "lane-name" });
  const value = make("b");
  const chance = make("span", { class: "lane-chance quiet" }, "chance");
  const words = make("p", { class: "lane-words" });
  const row = make("div", { class: "beads", "aria-hidden": "true" });
  const told = make("div", { class: "lane-value", "aria-hidden": "true" }, name, " ", value);
  element.append(drawing, told, chance, row, words);
  let drawn = "";

  return {
    /** @param {Run} run */
    draw(run) {
      const points = run.points;
      const last = points.at(-1);
      const end_s = Math.max(run.hello?.duration_s ?? run.now_s, LEAST_S);
      const key = `${last?.t_s} ${points.length} ${end_s} ${element.clientWidth} ${element.clientHeight}`;
      if (key === drawn) return;
      drawn = key;
      const early = points.every((p) => p.state === "not_enough_data");
      row.hidden = !early;
      drawing.toggleAttribute("hidden", early);
      told.hidden = chance.hidden = early || last?.r === null;
      setText(words, early ? BEFORE : "");
      if (early) return drawBeads(run);
      setText(name, "r");
      setText(value, last?.r === null || last === undefined ? "" : rWords(last.r));
      drawLane(points, end_s);
    },
    /** Colours are those of the style sheet; only the geometry is kept. */
    reset() {
      drawn = "";
    },
  };

  /** @param {Run} run */
  function drawBeads({ linkage, hello }) {
    if (!hello) return;
    const { linkage_needed_s: s, linkage_needed_share: share } = hello.settings;
    const full = linkage ? gathering(linkage, { s, share }).beads : 0;
    row.replaceChildren(
      ...beads(full, BEADS).map((full) =>
        make("i", { class: "bead" }, make("i", { style: `width: ${(100 * full).toFixed(0)}%` })),
      ),
    );
  }

  /** @param {Point[]} points @param {number} end_s */
  function drawLane(points, end_s) {
    const { left, right } = plotMargins();
    const width = element.clientWidth - left - right;
    const height = element.clientHeight - 20;
    const top = Math.max(TOP_R, ...points.map((p) => (p.r ?? 0) + 0.05));
    const x = (/** @type {number} */ t_s) => left + (t_s / end_s) * width;
    const bottom = Math.min(0, ...points.map((p) => ((p.r ?? 0) < 0 ? (p.r ?? 0) - 0.05 : 0)));
    const y = (/** @type {number} */ r) => (height * (top - r)) / (top - bottom);
    const levels = GRID_R.filter((r) => r >= bottom && r <= top);
    drawing.replaceChildren(
      ...levels.flatMap((r) => grid(left, width, y(r), r === 0 ? "0" : rWords(r).slice(0, -1))),
      ...ticks(x, end_s, height),
      ...runsOf(points).flatMap((run, i, all) => {
        // A run reaches to where the next one begins.
        const next = all[i + 1]?.[0].t_s ?? run[run.length - 1].t_s;
        const from_s = i === 0 ? 0 : run[0].t_s;
        if (run[0].r === null) return unknown(run[0].state, x(from_s), x(next), height);
        return known(i > 0 && all[i - 1][0].r !== null ? [all[i - 1].slice(-1)[0], ...run] : run, x, y);
      }),
    );
    const last = points[points.length - 1];
    chance.style.top = `${y((last.chance_r ?? 0) / 2) - 8}px`;
    told.style.top = `${Math.min(Math.max(y(last.r ?? 0), 10), y((last.chance_r ?? 0) / 2) - 20) - 13}px`;
  }
}

/** @param {number} left @param {number} width @param {number} y @param {string} label */
function grid(left, width, y, label) {
  return [
    makeSvg("line", { class: "grid-line", x1: left, x2: left + width, y1: y, y2: y }),
    makeSvg("text", { class: "grid-text", x: left - 12, y: Math.max(y, 6) + 4 }, label),
  ];
}

/** @param {(t_s: number) => number} x @param {number} end_s @param {number} height */
function ticks(x, end_s, height) {
  const step_s = STEPS_S.find((s) => end_s / s <= MOST_TICKS) ?? 14_400;
  const made = [];
  for (let t_s = 0; t_s <= end_s; t_s += step_s) {
    made.push(makeSvg("text", { class: "tick-text", x: x(t_s), y: height + 16 }, moment(t_s)));
  }
  return made;
}

/** A stretch without a number. @param {Point["state"]} state
 * @param {number} from @param {number} to @param {number} height */
function unknown(state, from, to, height) {
  const text = state === "same_source" ? "same signal" : "gathering";
  const box = { x: from, y: 0, width: Math.max(to - from, 1), height };
  const room = to - from > 80;
  return [
    makeSvg("rect", { class: "gap-box", ...box }),
    ...(room
      ? [makeSvg("text", { class: "gap-text", x: (from + to) / 2, y: height / 2 + 4 }, text)]
      : []),
  ];
}

/** The zone of chance, and the line: grey and dotted as long as chance reaches it.
 * @param {Point[]} run @param {(t_s: number) => number} x @param {(r: number) => number} y */
function known(run, x, y) {
  const own = run.at(-1)?.state;
  const line = pathOf(run.map((p) => ({ x: x(p.t_s), y: p.r === null ? null : y(p.r) })));
  const edge = run.map((p) => `${x(p.t_s).toFixed(1)} ${y(p.chance_r ?? 0).toFixed(1)}`);
  const [first, last] = [x(run[0].t_s).toFixed(1), x(run[run.length - 1].t_s).toFixed(1)];
  const floor = y(0).toFixed(1);
  const zone = `M${first} ${floor}L${edge.join("L")}L${last} ${floor}Z`;
  return [
    makeSvg("path", { class: "chance", d: zone }),
    makeSvg("path", { class: "chance-edge", d: `M${edge.join("L")}` }),
    makeSvg("path", {
      class: own === "linked" ? "joint-line" : "joint-line within-chance",
      d: line,
    }),
  ];
}
