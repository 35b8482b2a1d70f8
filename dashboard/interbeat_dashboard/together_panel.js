/** @import { ByPartner, Linkage, Words } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { make, makeSvg, nameAnd, setText } from "./dom.js";
import { PARTNERS } from "./state.js";
import {
  gathering,
  indexWords,
  judged,
  profileLines,
  profileSummary,
  quietCorner,
  rows,
} from "./together.js";

const RING = { a: 88, b: 78 };
const TICKS = 8;
const PROFILE = { width: 300, height: 96 };
/** Where the small range bars begin and end. */
const SCALES = { r: [-1, 1], settling: [0, 30], own_share: [0, 1] };
const LAG_NAME = "Peak lag";
const R_NAME = "Correlation r";

/**
 * What the last twenty minutes say of both hearts: the answer in words first, then its figures.
 *
 * @param {HTMLElement} element
 */
export function togetherPanel(element) {
  const span = make("p", { class: "quiet" });
  const ring = ringDrawing();
  const headline = make("h2", { id: "together-title" });
  const said = make("div", { role: "status" }, headline);
  const text = make("p", { class: "together-text" });
  const strength = make("p", { class: "together-text" });
  const held = make("p", { class: "together-held" });
  const profile = profileDrawing();
  const list = make("dl", { class: "figures" });
  const lead = make("p", { class: "measures-note" });
  const settling = make("p", { class: "measures-note" });
  const recovery = make("p", { class: "measures-note" });
  const note = make("p", { class: "measures-note" }, "Ranges are 90\u00a0%.");
  const index = indexBlock();
  const flags = make("ul", { class: "flags" });
  const meanings = make("dl", { class: "meanings" });
  const saysNot = make("p");
  const about = make(
    "details",
    { class: "about", id: "says-not" },
    make("summary", {}, "What this says, and what it does not"),
    saysNot,
    meanings,
  );
  const parts = [span, ring.element, said, text, strength, held, profile.element, list];
  element.append(...parts, lead, settling, recovery, note, index.element, flags, about);
  /** @type {ByPartner<string>} */
  let labels = { a: "A", b: "B" };
  /** @type {Words["measures"] | null} */
  let names = null;
  let needed = { s: 480, share: 0.75 };
  /** @type {Linkage | null} */
  let shown = null;

  return {
    /** @param {Run} run */
    title({ hello }) {
      if (!hello) return;
      labels = hello.session.labels;
      names = hello.words.measures;
      const { linkage_needed_s, linkage_needed_share } = hello.settings;
      needed = { s: linkage_needed_s, share: linkage_needed_share };
      profile.title(labels);
      index.title(names.index.name);
      setText(saysNot, hello.words.says_not);
      meanings.replaceChildren(
        ...Object.values(names).flatMap(({ name, meaning }) => [
          make("dt", {}, name),
          make("dd", {}, meaning),
        ]),
      );
      shown = null;
    },
    /** @param {Run} run */
    show({ linkage }) {
      element.hidden = linkage === null;
      if (linkage === null || linkage === shown) return;
      shown = linkage;
      const { words, state } = linkage;
      element.dataset.state = state;
      const minutes = Math.round((linkage.to_s - linkage.from_s) / 60);
      setText(span, `Connection, ${minutes < 20 ? "since the start" : "last 20 minutes"}`);
      ring.show(state === "not_enough_data" ? gathering(linkage, needed) : null);
      setText(headline, words.headline);
      told(text, state === "linked" ? (words.strength ?? "") : words.text);
      told(strength, state === "linked" ? words.text : "");
      told(held, words.held ?? "");
      profile.show(linkage, labels);
      list.replaceChildren(...rows(linkage, labels).map(figureRow));
      list.hidden = state === "same_source";
      told(lead, state === "linked" ? (words.lead ?? "") : "");
      told(settling, judged(linkage) ? words.settling : "");
      told(recovery, words.recovery ?? "");
      note.hidden = !judged(linkage);
      index.show(linkage, labels, words.index ?? "");
      flags.replaceChildren(...words.flags.map((flag) => make("li", {}, flag)));
    },
  };

  /** @param {ReturnType<typeof rows>[number]} row */
  function figureRow({ name, value, range, span: reach }) {
    const term =
      name === "lag" ? LAG_NAME : name === "r" ? R_NAME : (names?.[name].name ?? name);
    const scale = name in SCALES ? SCALES[/** @type {keyof typeof SCALES} */ (name)] : null;
    return make(
      "div",
      {},
      make("dt", {}, term),
      make(
        "dd",
        {},
        ...(reach && scale ? [rangeBar(reach, scale)] : []),
        make("span", {}, make("b", {}, value), " ", make("span", { class: "quiet" }, range)),
      ),
    );
  }
}

/** A text, or nothing in its place. @param {HTMLElement} element @param {string} text */
function told(element, text) {
  setText(element, text);
  element.hidden = text === "";
}

/** Two circles that close while clean minutes are gathered. */
function ringDrawing() {
  const number = make("b", { class: "ring-number" });
  const unit = make("span");
  const circles = { a: arc("a"), b: arc("b") };
  const ticks = Array.from({ length: TICKS }, (_, i) => {
    const angle = (2 * Math.PI * i) / TICKS;
    const [x, y] = [Math.sin(angle), -Math.cos(angle)];
    return makeSvg("line", { x1: 94 * x, y1: 94 * y, x2: 100 * x, y2: 100 * y });
  });
  const drawing = makeSvg(
    "svg",
    { viewBox: "-104 -104 208 208", "aria-hidden": "true" },
    makeSvg("g", { class: "ring-ticks" }, ...ticks),
    ...PARTNERS.map((p) => makeSvg("circle", { class: "ring-track", r: RING[p] })),
    ...PARTNERS.map((p) => circles[p]),
  );
  const element = make("div", { class: "ring" }, drawing, make("p", {}, number, " ", unit));
  return {
    element,
    /** @param {ReturnType<typeof gathering> | null} found */
    show(found) {
      element.hidden = found === null;
      if (found === null) return;
      for (const p of PARTNERS) {
        const around = 2 * Math.PI * RING[p];
        circles[p].setAttribute("d", arcPath(RING[p], found.rings[p]));
        circles[p].dataset.share = (found.rings[p] * around).toFixed(0);
      }
      setText(number, String(found.minutes));
      setText(unit, found.words);
    },
  };
}

/** @param {"a" | "b"} partner */
function arc(partner) {
  return /** @type {SVGElement} */ (makeSvg("path", { class: `ring-arc stroke-${partner}` }));
}

/** From the top clockwise; a whole circle ends just before its start.
 * @param {number} radius @param {number} share */
function arcPath(radius, share) {
  if (share <= 0) return "";
  const angle = 2 * Math.PI * Math.min(share, 0.9999);
  const [x, y] = [radius * Math.sin(angle), -radius * Math.cos(angle)];
  return `M0 ${-radius}A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${x.toFixed(2)} ${y.toFixed(2)}`;
}

/** The small chart of correlation over lags, with the band of chance. */
function profileDrawing() {
  const { width, height } = PROFILE;
  const band = makeSvg("rect", { class: "chance", x: 0, width });
  const zero = makeSvg("line", { class: "zero", x1: 0, x2: width });
  const same = makeSvg("line", {
    class: "same-time",
    x1: width / 2,
    x2: width / 2,
    y1: 0,
    y2: height,
  });
  const chance = makeSvg("text", { class: "chance-word" }, "chance, 90\u00a0%");
  const line = makeSvg("path", { class: "joint-line" });
  const dot = makeSvg("circle", { class: "joint-dot", r: 4 });
  const drawing = makeSvg(
    "svg",
    { viewBox: `-6 -6 ${width + 12} ${height + 12}`, "aria-hidden": "true" },
    ...[band, zero, same, chance, line, dot],
  );
  const first = {
    a: make("span", { class: "text-a name-and" }),
    b: make("span", { class: "text-b name-and" }),
  };
  const summary = make("p", { class: "hidden", id: "profile-summary" });
  const element = make(
    "figure",
    { class: "profile", "aria-label": "Connection by lag", "aria-describedby": "profile-summary" },
    drawing,
    make(
      "p",
      { class: "profile-words", "aria-hidden": "true" },
      first.b,
      make("span", { class: "quiet" }, "same time"),
      first.a,
    ),
    summary,
  );
  return {
    element,
    /** @param {ByPartner<string>} labels */
    title(labels) {
      for (const p of PARTNERS) nameAnd(first[p], labels[p], "first");
    },
    /** @param {Linkage} found @param {ByPartner<string>} labels */
    show(found, labels) {
      element.hidden = found.profile === null || found.chance_band === null;
      setText(summary, profileSummary(found, labels));
      if (found.profile === null || found.chance_band === null) return;
      const lines = profileLines(found.profile, found.chance_band, PROFILE);
      line.setAttribute("d", lines.path);
      const linked = found.state === "linked";
      line.classList.toggle("within-chance", !linked);
      dot.toggleAttribute("hidden", !linked);
      dot.setAttribute("cx", String(lines.peak.x));
      dot.setAttribute("cy", String(lines.peak.y));
      band.setAttribute("y", String(lines.band.y));
      band.setAttribute("height", String(lines.band.height));
      const { x, y, anchor } = quietCorner(lines.heights, lines.band, PROFILE.width);
      chance.setAttribute("x", String(x));
      chance.setAttribute("y", String(y));
      chance.setAttribute("text-anchor", anchor);
      zero.setAttribute("y1", String(lines.middle));
      zero.setAttribute("y2", String(lines.middle));
    },
  };
}

/** A value within its range, on a fixed scale.
 * @param {[number, number, number]} span @param {number[]} scale */
function rangeBar([low, value, high], [from, to]) {
  const x = (/** @type {number} */ v) => 72 * Math.min(1, Math.max(0, (v - from) / (to - from)));
  return makeSvg(
    "svg",
    { class: "range", viewBox: "-4 0 80 12", "aria-hidden": "true" },
    makeSvg("line", { class: "range-track", x1: 0, x2: 72, y1: 6, y2: 6 }),
    makeSvg("line", { class: "range-bar", x1: x(low), x2: x(high), y1: 6, y2: 6 }),
    makeSvg("circle", { class: "joint-dot", cx: x(value), cy: 6, r: 3.5 }),
  );
}

/** The index: locked with progress, undecided and grey, or a value with its range. */
function indexBlock() {
  const name = make("h3");
  const word = make("b", { class: "index-word" });
  const range = make("span", { class: "quiet" });
  const bar = make("div", { class: "index-bar" });
  const why = make("p", { class: "measures-note" });
  const progress = make("p", { class: "measures-note" });
  const element = make(
    "section",
    { class: "index", id: "index", "aria-label": "Index" },
    make("header", {}, name, make("span", {}, word, range)),
    bar,
    progress,
    why,
  );
  return {
    element,
    /** @param {string} text */
    title(text) {
      setText(name, text);
    },
    /** @param {Linkage} found @param {ByPartner<string>} labels @param {string} reason */
    show(found, labels, reason) {
      const told_ = indexWords(found, labels);
      element.dataset.state = told_.state;
      setText(word, told_.word);
      setText(range, told_.range && `, ${told_.range}`);
      told(why, reason);
      told(progress, told_.progressWords);
      bar.replaceChildren(...indexBar(told_));
      bar.hidden = bar.childElementCount === 0;
    },
  };
}

/** @param {ReturnType<typeof indexWords>} told */
function indexBar({ progress, bar }) {
  const part = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to) =>
    make("i", { class: name, style: `left: ${from}%; width: ${Math.max(0, to - from)}%` });
  if (progress !== null) return [part("index-progress", 0, 100 * progress)];
  if (bar === null) return [];
  const middle = make("i", { class: "index-middle" });
  const value =
    bar.value === null ? [] : [make("i", { class: "index-dot", style: `left: ${bar.value}%` })];
  return [part("index-range", bar.low, bar.high), middle, ...value];
}
