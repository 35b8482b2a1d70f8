/** @import { Check, FittedStrap, Partner } from "./types.d.ts" */
import { make, makeSvg, setText } from "./dom.js";
import { UNKNOWN } from "./format.js";
import { batteryWords, strapState, verdict } from "./pairing.js";
import { lineSample } from "./straps.js";
import { gaps, pieces } from "./trace.js";

const SPAN_S = 20;
const WIDTH = 400;
const HEIGHT = 80;

/**
 * One partner while the straps are fitted: name, heart rate, a picture of the last seconds, the
 * state in shape and words, and the checks.
 *
 * @param {HTMLElement} element @param {Partner} partner @param {(id: string) => void} lift
 */
export function partnerPanel(element, partner, lift) {
  const name = make("h2", { class: `panel-name text-${partner}` });
  const rate = make("b", { class: `panel-rate text-${partner}` });
  const model = make("p", { class: "quiet panel-model" });
  const picture = trace(partner);
  const state = make("span", { class: "panel-state" });
  const remedy = make("span", { class: "panel-remedy" });
  const ask = make("p", { class: "panel-ask" });
  const checks = make("ul", { class: "checks" });
  const liftButton = make("button", { type: "button", class: "button lift", hidden: "" }, "Lift this virtual strap");
  /** @type {string | null} */
  let id = null;
  liftButton.addEventListener("click", () => id !== null && lift(id));
  element.append(
    make("div", { class: "panel-head" }, lineSample(partner), name, make("span", { class: "panel-figure" }, rate, " ", make("span", { class: "quiet" }, "bpm"))),
    model,
    picture.element,
    make("p", { class: "panel-signal" }, lineSample(partner), make("span", {}, state, " ", remedy)),
    ask,
    checks,
    liftButton,
  );

  return {
    /**
     * @param {string} label @param {FittedStrap} strap
     * @param {{ ask?: string, virtual?: boolean }} [more]
     */
    show(label, strap, { ask: asked = "", virtual = false } = {}) {
      const words = strapState(strap);
      id = strap.id;
      element.dataset.state = words.state;
      setText(name, label);
      setText(rate, strap.hr_bpm === null || strap.trouble ? UNKNOWN : String(strap.hr_bpm));
      setText(model, [strap.name, batteryWords(strap.battery_percent)].filter(Boolean).join(" · "));
      // The checks say what to do, once there are some.
      const remedyText = strap.checks?.length ? "" : words.remedy;
      setText(state, remedyText ? `${words.text}.` : words.text);
      setText(remedy, remedyText);
      setText(ask, asked);
      ask.hidden = asked === "";
      picture.show(strap.trace);
      showChecks(checks, strap.checks ?? []);
      liftButton.hidden = !virtual;
      liftButton.setAttribute("aria-label", `Lift the virtual strap of ${label}`);
    },
  };
}

/** @param {HTMLElement} list @param {Check[]} checks */
export function showChecks(list, checks) {
  list.hidden = checks.length === 0;
  while (list.children.length > checks.length) list.lastElementChild?.remove();
  while (list.children.length < checks.length) {
    list.append(
      make("li", { class: "check" }, verdictShape(), make("span", { class: "hidden check-word" }), make("span", { class: "check-text" })),
    );
  }
  checks.forEach(({ state, text }, i) => {
    const line = /** @type {HTMLElement} */ (list.children[i]);
    line.dataset.verdict = state;
    setText(/** @type {Element} */ (line.querySelector(".check-word")), `${verdict(state)}:`);
    setText(/** @type {Element} */ (line.querySelector(".check-text")), text);
  });
}

/** A ring, a tick, a triangle or a cross-out; the style sheet shows the one of the verdict. */
function verdictShape() {
  return makeSvg(
    "svg",
    { class: "verdict", width: 16, height: 16, viewBox: "0 0 16 16", "aria-hidden": "true" },
    makeSvg("circle", { class: "when-waiting", cx: 8, cy: 8, r: 6 }),
    makeSvg("path", { class: "when-ok", d: "M3 8.6l3.2 3.2L13 4.8" }),
    makeSvg("path", { class: "when-warning", d: "M8 2.5L14.5 13.5h-13zM8 6.8v3M8 11.6v.2" }),
    makeSvg("path", { class: "when-problem", d: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.6v4M8 11v.3" }),
  );
}

/** The last seconds of a heart rate, with hatching where nothing came. @param {Partner} partner */
function trace(partner) {
  const line = makeSvg("path", { class: `trace-line stroke-${partner}` });
  const dot = makeSvg("circle", { class: `trace-dot trace-dot-${partner}`, r: 4 });
  const hatched = make("div", { class: "trace-gaps" });
  const drawing = makeSvg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
    line,
  );
  const end = makeSvg("svg", { class: "trace-end" }, dot);
  const element = make("div", { class: "trace", "aria-hidden": "true" }, hatched, drawing, end);
  return {
    element,
    /** @param {{ ago_s: number[], bpm: number[] }} values */
    show(values) {
      const found = pieces(values, SPAN_S);
      const empty = gaps(values, SPAN_S);
      line.setAttribute("d", found.map(path).join(""));
      hatched.replaceChildren(...empty.map(([from, to]) => gap(from, to)));
      const last = found.at(-1)?.at(-1);
      dot.classList.toggle("absent", last === undefined || empty.at(-1)?.[1] === 1);
      if (last) {
        dot.setAttribute("cx", `${100 * last.x}%`);
        dot.setAttribute("cy", `${100 * last.y}%`);
      }
    },
  };
}

/** @param {{ x: number, y: number }[]} points */
function path(points) {
  return points
    .map(({ x, y }, i) => `${i ? "L" : "M"}${(x * WIDTH).toFixed(1)} ${(y * HEIGHT).toFixed(1)}`)
    .join("");
}

/** @param {number} from @param {number} to */
function gap(from, to) {
  const element = make("i", { class: "trace-gap" });
  element.style.left = `${100 * from}%`;
  element.style.right = `${100 * (1 - to)}%`;
  return element;
}
