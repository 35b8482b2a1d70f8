/** @import { ByPartner, Check, FittedStrap, FoundStrap, Pairing, Partner, RawSignal, Trouble } from "./types.d.ts" */
import { LOW_BATTERY_PERCENT } from "./signal.js";
import { PARTNERS } from "./state.js";

/** @typedef {{ title: string, lead: string }} Headline */
/** @typedef {{ a: string | null, b: string | null }} Choice */

/** The four steps as the row at the top of the page tells them. */
export const STEPS = [
  { key: "find", name: "Straps", what: "find and choose" },
  { key: "identify", name: "Whose is whose", what: "lift for three seconds" },
  { key: "check", name: "Check", what: "thirty seconds" },
  { key: "ready", name: "Begin", what: "when you both want to" },
];

/** @param {Partner} partner @returns {Partner} */
export const otherOf = (partner) => (partner === "a" ? "b" : "a");

/** What to do now, in one line and one sentence. @param {Pairing} pairing @returns {Headline} */
export function headline(pairing) {
  switch (pairing.step) {
    case "find":
      return findHeadline(pairing);
    case "identify":
      return identifyHeadline(pairing);
    case "check":
      return checkHeadline(pairing);
    case "ready":
      return {
        title: "Both signals are good",
        lead: "Begin when you both want to. Either of you can stop at any time.",
      };
  }
}

/** @param {{ problem: string | null, found: FoundStrap[] }} fitting @returns {Headline} */
export function findHeadline({ problem, found }) {
  if (problem !== null) return { title: "Bluetooth cannot be used yet", lead: problem };
  if (found.length === 0) {
    return {
      title: "Looking for your straps",
      lead: "Moisten the electrodes and put both straps on: most straps wake up only when worn.",
    };
  }
  return {
    title: "Find your straps",
    lead: "Put both straps on, with moist electrodes. Then choose one for each of you.",
  };
}

/** @param {Pairing} pairing @returns {Headline} */
function identifyHeadline({ identity, labels, partners }) {
  const asked = identity?.asked ?? "a";
  if (identity?.state === "settling") {
    const connecting = PARTNERS.some((p) => partners?.[p].trouble === "link");
    return {
      title: connecting ? "Connecting to both straps" : "One moment",
      lead: "Sit still. We go on as soon as both signals are steady.",
    };
  }
  return {
    title: `${labels[asked]}, lift your strap off your skin`,
    lead:
      identity?.state === "unnoticed"
        ? "Nothing changed yet. Slide your fingers under it on both sides and hold it off the skin a little longer."
        : `Hold it away for three seconds, then let it back. ${labels[otherOf(asked)]}, sit still.`,
  };
}

/** @param {Pairing} pairing @returns {Headline} */
function checkHeadline(pairing) {
  if (pairing.can_start === "anyway") {
    return {
      title: "Not quite good enough yet",
      lead: "Mend what is named below. You may begin all the same; unclear beats are left out.",
    };
  }
  const broken = PARTNERS.some((p) => {
    const trouble = pairing.partners?.[p].trouble;
    return trouble && trouble !== "wild";
  });
  if (broken) {
    return {
      title: "A signal broke off",
      lead: "Mend what is named below. The thirty seconds begin anew by themselves.",
    };
  }
  return {
    title: "Sit still for thirty seconds",
    lead: "We listen whether both signals are good enough. Breathe and talk as you like.",
  };
}

/** What the last lift has shown, or "". @param {Pairing} pairing */
export function lesson({ identity, labels, partners, step }) {
  if (!identity || !partners || step === "find") return "";
  const { asked, happened } = identity;
  const lifted = asked === null ? "b" : otherOf(asked);
  switch (happened) {
    case "same":
      return asked === null ? "" : `Recognised: ${partners[lifted].name} is on ${labels[lifted]}.`;
    case "swapped":
      return `The other strap reacted, so the two are swapped now: ${partners[lifted].name} is on ${labels[lifted]}.`;
    case "both":
      return `Both signals broke off. Only ${labels[asked ?? "a"]} lifts; the other sits still.`;
    case "again":
      return `That was ${labels[lifted]}'s strap again. Only ${labels[asked ?? "b"]} lifts.`;
    case null:
      return "";
  }
}

/** A strap's state as shape and words. @param {FittedStrap} strap */
export function strapState({ trouble, contact, link, remedy }) {
  if (trouble === null) {
    return { state: "streaming", text: contact ? "contact good" : "signal good", remedy: "" };
  }
  if (trouble === "link") {
    return { state: linkState(link.state), text: linkWords(link.state), remedy: link.reason };
  }
  /** @type {Record<Exclude<Trouble, "link">, [string, string]>} */
  const words = {
    silent: ["stale", "nothing arrives"],
    contact: ["no_contact", "no contact"],
    pulse: ["no_contact", "searching for a pulse"],
    rr: ["no_contact", "no beats"],
    wild: ["weak", "restless"],
  };
  const [state, text] = words[trouble];
  return { state, text, remedy: afterFirstSentence(remedy ?? "") };
}

/** @param {string} state */
const linkState = (state) => (state === "streaming" || state === "stale" ? "connecting" : state);

/** @param {string} state */
function linkWords(state) {
  if (state === "scanning") return "looking for the strap";
  if (state === "lost" || state === "backoff") return "lost, trying again";
  return "connecting";
}

/** The state's own words say the first sentence of a remedy already. @param {string} text */
const afterFirstSentence = (text) => text.replace(/^[^.]*\.\s*/, "");

/** "battery 78 %" or "battery low, 9 %". @param {number | null} percent */
export function batteryWords(percent) {
  if (percent === null) return "";
  const low = percent <= LOW_BATTERY_PERCENT ? "low, " : "";
  return `battery ${low}${percent}\u00a0%`;
}

/** How many of three bars a signal fills, and its word. @param {FoundStrap["signal"]} signal */
export function bars(signal) {
  if (signal === null) return { filled: 0, text: "" };
  return { filled: { weak: 1, medium: 2, strong: 3 }[signal], text: `signal ${signal}` };
}

/** Whose strap was whose last time, of those that are here. Two new straps wait for a choice.
 * @param {FoundStrap[]} found @param {ByPartner<string | null>} remembered @returns {Choice} */
export function rememberedChoice(found, remembered) {
  const here = new Set(found.filter((strap) => strap.rr !== "no").map((strap) => strap.id));
  /** @param {string | null} id */
  const known = (id) => (id !== null && here.has(id) ? id : null);
  return { a: known(remembered.a), b: known(remembered.b) };
}

/** Whose strap a raw signal can be recorded of, in words; "" while there is nothing to choose.
 * @param {RawSignal} signal @param {Pairing} pairing */
export function rawOwners(signal, { step, partners, labels }) {
  if (!partners || (step !== "check" && step !== "ready")) return "";
  // Which model it is can only be trusted once it is connected.
  if (PARTNERS.some((p) => !partners[p].rr_seen)) return "";
  const owners = PARTNERS.filter((p) => partners[p].raw.includes(signal));
  if (owners.length === 0) return "";
  if (owners.length === 2) return `From both straps, ${labels.a}'s and ${labels.b}'s`;
  const [owner] = owners;
  return `From ${labels[owner]}'s strap only; ${labels[otherOf(owner)]}'s does not offer it`;
}

/** Give a strap to a partner, and take it from the other.
 * @param {Choice} choice @param {Partner} partner @param {string} id @returns {Choice} */
export function chosen(choice, partner, id) {
  const other = otherOf(partner);
  const next = { ...choice, [partner]: id };
  if (next[other] === id) next[other] = null;
  return next;
}

/** What the button below the list says. @param {Choice} choice @param {ByPartner<string>} labels */
export function connectWords(choice, labels) {
  const missing = PARTNERS.filter((p) => choice[p] === null);
  if (missing.length === 2) return "Choose a strap for each";
  if (missing.length === 1) return `Choose a strap for ${labels[missing[0]]}`;
  return "Connect both straps";
}

/** Shape and word of a verdict. @param {Check["state"]} state */
export function verdict(state) {
  return { waiting: "not yet known", ok: "good", warning: "mind this", problem: "mend this" }[state];
}

/** What a screen reader hears when it changes. @param {Pairing} pairing */
export function announcement(pairing) {
  const { title, lead } = headline(pairing);
  const said = [lesson(pairing), title + ".", lead];
  for (const p of pairing.step === "find" ? [] : PARTNERS) {
    const strap = pairing.partners?.[p];
    if (strap?.remedy && strap.trouble !== "link") said.push(`${pairing.labels[p]}: ${strap.remedy}`);
  }
  return said.filter(Boolean).join(" ");
}
