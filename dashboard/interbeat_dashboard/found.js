/** @import { ByPartner, FoundStrap, Partner } from "./types.d.ts" */
/** @import { Choice } from "./pairing.js" */
import { make, makeSvg, setText } from "./dom.js";
import { bars } from "./pairing.js";
import { PARTNERS } from "./state.js";

/**
 * The list of straps that were found, each with one button per partner. Rows stay as they are
 * while the list is renewed, so that nobody loses the focus.
 *
 * @param {HTMLElement} list @param {(partner: Partner, id: string) => void} choose
 */
export function foundList(list, choose) {
  /** @type {Map<string, ReturnType<typeof row>>} */
  const rows = new Map();
  return {
    /** @param {FoundStrap[]} found @param {Choice} choice @param {ByPartner<string>} labels */
    show(found, choice, labels) {
      for (const [id, known] of rows) {
        if (found.some((strap) => strap.id === id)) continue;
        known.element.remove();
        rows.delete(id);
      }
      found.forEach((strap, place) => {
        const known = rows.get(strap.id) ?? row(strap, choose);
        rows.set(strap.id, known);
        known.show(strap, choice, labels);
        // A row that has the focus keeps its place.
        if (!known.element.isConnected) list.insertBefore(known.element, list.children[place] ?? null);
      });
    },
  };
}

/** @param {FoundStrap} strap @param {(partner: Partner, id: string) => void} choose */
function row({ id }, choose) {
  const name = make("b", { class: "found-name" });
  const details = make("span", { class: "quiet found-details" });
  const remark = make("span", { class: "found-remark" });
  const meter = signalBars();
  const buttons = PARTNERS.map((partner) => {
    const button = make("button", { type: "button", class: "button choose", "data-partner": partner });
    button.addEventListener("click", () => choose(partner, id));
    return button;
  });
  const element = make(
    "li",
    { class: "found" },
    meter.element,
    make("span", { class: "found-what" }, name, details, remark),
    make("span", { class: "found-who" }, ...buttons),
  );
  return {
    element,
    /** @param {FoundStrap} strap @param {Choice} choice @param {ByPartner<string>} labels */
    show(strap, choice, labels) {
      const { filled, text } = bars(strap.signal);
      setText(name, strap.name);
      setText(details, [strap.name.startsWith(strap.model) ? "" : strap.model, text].filter(Boolean).join(" · "));
      setText(remark, strap.remark ?? "");
      meter.show(filled);
      element.classList.toggle("unusable", strap.rr === "no");
      PARTNERS.forEach((partner, i) => {
        const button = buttons[i];
        const pressed = choice[partner] === id;
        setText(button, labels[partner]);
        button.setAttribute("aria-pressed", String(pressed));
        button.setAttribute("aria-label", `${strap.name} for ${labels[partner]}`);
        button.disabled = strap.rr === "no";
      });
    },
  };
}

/** Three bars; the word stands beside them. */
function signalBars() {
  const lines = [0, 1, 2].map((i) =>
    makeSvg("rect", { x: 1 + i * 6, y: 11 - i * 4, width: 4, height: 5 + i * 4, rx: 1 }),
  );
  const element = makeSvg(
    "svg",
    { class: "bars", width: 18, height: 17, viewBox: "0 0 18 17", "aria-hidden": "true" },
    ...lines,
  );
  return {
    element,
    /** @param {number} filled */
    show(filled) {
      lines.forEach((line, i) => line.classList.toggle("filled-bar", i < filled));
    },
  };
}

