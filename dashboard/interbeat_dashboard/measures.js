/** @import { FigureName, Hrv, Partner } from "./types.d.ts" */
import { make, setText } from "./dom.js";
import { UNKNOWN, whole } from "./format.js";
import { lineSample } from "./straps.js";
import { FIGURES, baselineNote, figureNote, figureWhy, ownWords } from "./figures.js";

/**
 * The figures of one partner over the last minute; both partners get the same rows.
 *
 * @param {HTMLElement} element @param {Partner} partner
 */
export function measures(element, partner) {
  const name = make("h3", { class: `text-${partner}` });
  const rows = FIGURES.map(({ name, term, unit }) => row(name, term, unit));
  const list = make("dl", {}, ...rows.map((r) => r.element));
  const why = make("p", { class: "measures-note measures-why" });
  const beats = make("p", { class: "measures-note" });
  const own = make("p", { class: "measures-note measures-own" });
  element.append(make("header", {}, lineSample(partner), name), list, why, own, beats);

  return {
    /** @param {string} label */
    title(label) {
      setText(name, label);
    },
    /** @param {Hrv | null} hrv */
    show(hrv) {
      list.hidden = hrv === null || rows.every((r) => hrv.states[r.name].state === "off");
      if (hrv !== null) for (const each of rows) each.show(hrv);
      setText(why, figureWhy(hrv));
      why.hidden = why.textContent === "";
      setText(own, baselineNote(hrv));
      own.hidden = own.textContent === "";
      setText(beats, figureNote(hrv));
      beats.hidden = beats.textContent === "";
    },
  };
}

/** @param {FigureName} name @param {string} term @param {string} unit */
function row(name, term, unit) {
  const value = make("b");
  const suffix = make("span", { class: "unit" }, `\u00a0${unit}`);
  const own = make("dd", { class: "own-words" });
  const element = make("div", {}, make("dt", {}, term), make("dd", {}, value, suffix), own);
  return {
    name,
    element,
    /** @param {Hrv} hrv */
    show(hrv) {
      const figure = hrv[name];
      element.dataset.state = hrv.states[name].state;
      setText(value, figure === null ? UNKNOWN : whole(figure));
      suffix.hidden = figure === null;
      setText(own, ownWords(hrv, name, unit));
      own.hidden = own.textContent === "";
    },
  };
}
