/** @import { Calibration } from "./types.d.ts" */
/** @import { Choice, Headline } from "./pairing.js" */
import { findHeadline } from "./pairing.js";
import { PARTNERS } from "./state.js";

export const STEPS = [
  { key: "find", name: "Straps", what: "one person wears both" },
  { key: "listen", name: "Listen", what: "two to four minutes" },
  { key: "result", name: "Keep", what: "the difference" },
];

const USUAL_S = 120;

/** What the straps are called while one person wears both. */
export const LABELS = { a: "First", b: "Second" };

/** What to do now, in one line and one sentence. @param {Calibration} calibration @returns {Headline} */
export function headline(calibration) {
  const { step, result, accepted, problem, found } = calibration;
  if (step === "find") {
    if (problem !== null || found.length === 0) return findHeadline(calibration);
    return {
      title: "Compare two straps",
      lead: "One of you puts on both straps, one above the other, with moist electrodes.",
    };
  }
  if (step === "listen") return listening(calibration);
  if (result?.reason) return { title: "No difference could be told", lead: result.reason };
  if (accepted) {
    return {
      title: "Kept",
      lead: "Sessions with these two straps take the difference into account from now on.",
    };
  }
  return {
    title: "The difference is known",
    lead: "Keep it, and sessions with these two straps take it into account.",
  };
}

/** @param {Calibration} calibration @returns {Headline} */
function listening({ partners, needed_s }) {
  const broken = PARTNERS.some((p) => {
    const trouble = partners?.[p].trouble;
    return trouble && trouble !== "wild";
  });
  const connecting = PARTNERS.some((p) => partners?.[p].trouble === "link");
  if (connecting) return { title: "Connecting to both straps", lead: "Keep both on." };
  if (broken) {
    return {
      title: "A signal broke off",
      lead: "Mend what is named below. Listening goes on as soon as both signals are back.",
    };
  }
  if (needed_s > USUAL_S) {
    return {
      title: "A little longer",
      lead: "The difference is not sure enough yet, so both straps go on listening, for four minutes at most. Sit still.",
    };
  }
  return {
    title: "Sit still for two minutes",
    lead: "Both straps listen to the same heart. Breathe slowly and deeply: a heart that changes is easier to compare.",
  };
}

/** The result in words: which strap is later, by how much. @param {Calibration} calibration */
export function resultWords({ result, partners }) {
  if (!result || !partners || result.offset_ms === null || result.sigma_ms === null) return null;
  const [late, early] = result.offset_ms < 0 ? ["a", "b"] : ["b", "a"];
  const of = (/** @type {string} */ p) => partners[/** @type {"a" | "b"} */ (p)].name;
  const by = Math.round(Math.abs(result.offset_ms));
  return {
    figure: `${by}\u00a0±\u00a0${Math.ceil(result.sigma_ms)}\u00a0ms`,
    text: `So much later ${of(late)} reports a heartbeat than ${of(early)}, from ${result.matched} beats that both have heard.`,
  };
}

/** Which virtual straps are worn by one person, or "". @param {string[][]} shared */
export function sharedWords(shared) {
  if (shared.length === 0) return "";
  const each = shared.map((names) => names.join(" and ")).join("; ");
  return `These straps are made up. Worn by the same person: ${each}.`;
}

/** What the button below the list says. @param {Choice} choice */
export function connectWords(choice) {
  if (choice.a === null && choice.b === null) return "Choose both straps";
  if (choice.a === null) return "Choose the first strap";
  if (choice.b === null) return "Choose the second strap";
  return "Connect both straps";
}
