/** @import { Hrv, Partner } from "./types.d.ts" */
import { make, setText } from "./dom.js";
import { count, percent, whole } from "./format.js";
import { lineSample } from "./straps.js";

/**
 * The figures of one partner over the last minutes; both partners get the same rows.
 *
 * @param {HTMLElement} element @param {Partner} partner
 */
export function measures(element, partner) {
  const name = make("h3", { class: `text-${partner}` });
  const rows = {
    mean_hr_bpm: row("Mean heart rate", "bpm"),
    rmssd_ms: row("RMSSD", "ms"),
    sdnn_ms: row("SDNN", "ms"),
  };
  const beats = make("p", { class: "measures-note" });
  const list = make("dl", {}, ...Object.values(rows).map((r) => r.element));
  element.append(make("header", {}, lineSample(partner), name), list, beats);

  return {
    /** @param {string} label */
    title(label) {
      setText(name, label);
    },
    /** @param {Hrv | null} hrv @param {number | null} needed_s clean seconds before any figure */
    show(hrv, needed_s) {
      const enough = hrv !== null && Object.keys(rows).some((key) => hrv[asRow(key)] !== null);
      list.hidden = !enough;
      if (hrv !== null) for (const [key, each] of Object.entries(rows)) each.show(hrv[asRow(key)]);
      setText(beats, note(hrv, enough, needed_s));
    },
  };

  /** @param {string} key */
  function asRow(key) {
    return /** @type {keyof typeof rows} */ (key);
  }
}

/** @param {Hrv | null} hrv @param {boolean} enough @param {number | null} needed_s */
function note(hrv, enough, needed_s) {
  if (!enough) {
    const clean_s = hrv?.clean_s ?? null;
    if (clean_s !== null && needed_s !== null && clean_s >= needed_s) {
      return `Signal too noisy to say: ${percent(hrv?.artifact_share ?? 0)} of the beats left out`;
    }
    const progress =
      clean_s === null || needed_s === null ? "" : `: ${Math.floor(clean_s)} of ${needed_s} s`;
    return `Not enough clean data yet${progress}`;
  }
  const counted = `${count(hrv?.beats ?? 0, "beat")} counted`;
  const share = hrv?.artifact_share ?? null;
  return share === null ? counted : `${counted} \u00b7 ${percent(share)} left out`;
}

/** @param {string} term @param {string} unit */
function row(term, unit) {
  const value = make("b");
  const suffix = make("span", { class: "unit" }, `\u00a0${unit}`);
  const none = make("span", { class: "unit" }, "not enough clean data yet");
  const element = make("div", {}, make("dt", {}, term), make("dd", {}, value, suffix, none));
  return {
    element,
    /** @param {number | null} figure */
    show(figure) {
      setText(value, figure === null ? "" : whole(figure));
      suffix.hidden = figure === null;
      none.hidden = figure !== null;
    },
  };
}
