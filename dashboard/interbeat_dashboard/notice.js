import { byId, setText } from "./dom.js";

const NOTICE_MS = 3000;
let timer = 0;

/** A short word at the bottom of the page, gone after a moment. @param {string} text */
export function notice(text) {
  const place = byId("notice");
  setText(place, text);
  place.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => place.classList.remove("shown"), NOTICE_MS);
}

/** A sentence across the page that stays; null takes it away. @param {string | null} text */
export function banner(text) {
  byId("banner").hidden = text === null;
  setText(byId("banner"), text ?? "");
}
