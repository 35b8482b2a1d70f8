/** @import { Pairing, RawSignal } from "./types.d.ts" */
import { byId, setText } from "./dom.js";
import { rawOwners } from "./pairing.js";

/** @type {RawSignal[]} */
const SIGNALS = ["ecg", "acceleration"];

/**
 * The choice to record raw signals too. It is offered once a strap that has them is connected, and
 * never made for anybody: other straps, other people, and it is open again.
 */
export function rawChoice() {
  /** @param {RawSignal} signal */
  const box = (signal) => /** @type {HTMLInputElement} */ (byId(`raw-${signal}`));
  return {
    /** @param {Pairing} pairing */
    show(pairing) {
      if (pairing.step === "find") for (const signal of SIGNALS) box(signal).checked = false;
      let some = false;
      for (const signal of SIGNALS) {
        const owners = rawOwners(signal, pairing);
        byId(`raw-${signal}-line`).hidden = owners === "";
        setText(byId(`raw-${signal}-of`), owners);
        some ||= owners !== "";
      }
      byId("raw").hidden = !some;
    },
    /** What was ticked. @returns {RawSignal[]} */
    chosen: () => SIGNALS.filter((signal) => box(signal).checked),
  };
}
