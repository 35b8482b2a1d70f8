/** @import { Partner, Signal } from "./types.d.ts" */
/** @import { SignalWords } from "./signal.js" */
import { make, makeSvg, setText } from "./dom.js";
import { age, percent } from "./format.js";
import { batteryWarning } from "./signal.js";

/**
 * The row of one strap: whose, which, its state in shape and words, and its counts.
 *
 * @param {HTMLElement} element @param {Partner} partner
 */
export function strapRow(element, partner) {
  const sample = lineSample(partner);
  const name = make("strong", { class: `strap-name text-${partner}` });
  const model = make("span", { class: "strap-model when-good" });
  const state = make("span", { class: "strap-state" });
  const remedy = make("span", { class: "strap-remedy" });
  const gaps = fact("gaps", "Times packets went missing");
  const battery = make("span", { class: "strap-battery", hidden: "" });
  const bad = fact("bad packets", "Packets that could not be read");
  const twice = fact("twice", "Packets that came twice and were counted once");
  const leftOut = fact("left out", "Share of beats left out");
  const newest = fact("age", "Since the newest packet");
  leftOut.element.classList.add("when-good");
  const facts = make(
    "span",
    { class: "strap-facts" },
    gaps.element,
    bad.element,
    twice.element,
    leftOut.element,
    newest.element,
  );
  element.append(sample, name, model, state, remedy, battery, facts);

  return {
    /** @param {string} label @param {string} strap */
    title(label, strap) {
      setText(name, label);
      setText(model, strap);
    },
    /**
     * @param {SignalWords} words @param {Signal | null} signal @param {number | null} age_s
     * @param {number | null} artifact_share
     */
    show(words, signal, age_s, artifact_share) {
      element.dataset.state = words.state;
      setText(state, words.text);
      setText(remedy, words.remedy);
      gaps.show(signal === null ? null : String(signal.gaps));
      const low = batteryWarning(signal);
      battery.hidden = low === "";
      setText(battery, low);
      bad.element.title = signal?.problem ?? "";
      bad.show(signal !== null && signal.bad_packets > 0 ? String(signal.bad_packets) : null);
      twice.show(signal !== null && signal.duplicates > 0 ? String(signal.duplicates) : null);
      leftOut.show(artifact_share === null ? null : percent(artifact_share));
      newest.show(age_s === null ? null : age(age_s));
    },
  };
}

/** A short piece of a partner's line; the style sheet gives it the shape of the state.
 * @param {Partner} partner */
export function lineSample(partner) {
  return makeSvg(
    "svg",
    {
      class: `sample sample-${partner}`,
      width: 28,
      height: 12,
      viewBox: "0 0 28 12",
      "aria-hidden": "true",
    },
    makeSvg("line", { x1: 1, x2: 27, y1: 6, y2: 6 }),
    makeSvg("circle", { cx: 14, cy: 6, r: 4 }),
    makeSvg("rect", { x: 0.5, y: 0.5, width: 27, height: 11, rx: 2 }),
  );
}

/** A small figure with its word; hidden while there is nothing to tell.
 * @param {string} word @param {string} title */
function fact(word, title) {
  const value = make("b");
  const element = make("span", { class: "fact", title, hidden: "" }, `${word} `, value);
  return {
    element,
    /** @param {string | null} text */
    show(text) {
      element.hidden = text === null;
      if (text !== null) setText(value, text);
    },
  };
}
