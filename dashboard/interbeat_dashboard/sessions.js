/** @import { ByPartner, SessionEntry, SessionList, Straps } from "./types.d.ts" */
import { ask, openReplay } from "./api.js";
import { byId, make, setText } from "./dom.js";
import { count, day, duration, month, pair, size, timeOfDay, wearers } from "./format.js";
import { carriedNames, carryNames } from "./names.js";
import { strapCard } from "./strap_card.js";
import { PARTNERS } from "./state.js";
import { themeButton } from "./theme.js";

const REFRESH_MS = 5000;
/** As they stand in the page before anybody wrote into it. */
const DEFAULT_NAMES = { a: "Ana", b: "Ben" };

themeButton(byId("theme"));
byId("new-session").addEventListener("submit", (event) => {
  event.preventDefault();
  carryNames(names());
  location.assign("/pair");
});
byId("simulate").addEventListener("click", simulate);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
setInterval(() => {
  if (!document.hidden && document.querySelector("[data-state='recording']")) refresh();
}, REFRESH_MS);
refresh();
showStraps();

let shown = "";

/** Fetch the list and show it; what did not change stays as it is, with its focus. */
async function refresh() {
  try {
    /** @type {SessionList} */
    const list = await ask("GET", "/api/sessions");
    showProblem("problem", null);
    if (JSON.stringify(list) === shown) return;
    shown = JSON.stringify(list);
    show(list);
  } catch (error) {
    showProblem("problem", error);
  }
}

/** @param {SessionList} list */
function show({ folder, sessions }) {
  byId("empty").hidden = sessions.length > 0;
  byId("compare").hidden = sessions.length === 0;
  byId("list").replaceChildren(...byMonth(sessions).flatMap(monthSection));
  setText(byId("folder"), folder);
  const bytes = sessions.reduce((sum, entry) => sum + entry.size_bytes, 0);
  setText(
    byId("amount"),
    sessions.length ? `${count(sessions.length, "session")}, ${size(bytes)}` : "",
  );
}

/** @param {SessionEntry[]} sessions @returns {[string, SessionEntry[]][]} */
function byMonth(sessions) {
  /** @type {Map<string, SessionEntry[]>} */
  const months = new Map();
  for (const entry of sessions) {
    const name = month(entry.started_utc);
    months.set(name, [...(months.get(name) ?? []), entry]);
  }
  return [...months];
}

/** @param {[string, SessionEntry[]]} month */
function monthSection([name, entries]) {
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return [
    make("h2", { class: "month" }, title),
    make("ul", { class: "rows" }, ...entries.map(row)),
  ];
}

/** @param {SessionEntry} entry */
function row(entry) {
  const line = make("li", { class: "row", "data-state": entry.state });
  line.append(opener(entry), ...(entry.state === "recording" ? [] : [deleteButton(entry, line)]));
  return line;
}

/** The part of a row that opens the session. @param {SessionEntry} entry */
function opener(entry) {
  const when = make(
    "span",
    { class: "when" },
    make("b", {}, day(entry.started_utc)),
    make("span", { class: "quiet" }, timeAndLength(entry)),
  );
  const who = make("span", { class: "who" }, entry.labels ? pair(entry.labels) : entry.id);
  if (entry.kind === "simulated") {
    who.append(
      " ",
      make("span", { class: "demo", title: `${wearers(entry.hearts)} under virtual straps` }, "DEMO"),
    );
  }
  const parts = [when, who, make("span", { class: "what" }, ...sentences(entry))];
  if (entry.state === "unreadable") return make("div", { class: "open" }, ...parts);
  if (entry.state === "recording" && entry.run !== null) {
    return make("a", { class: "open", href: `/run/${encodeURIComponent(entry.run)}` }, ...parts);
  }
  const button = make("button", { class: "open", type: "button" }, ...parts);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await openReplay(entry.id).catch((error) => showProblem("problem", error));
    button.disabled = false;
  });
  return button;
}

/** @param {SessionEntry} entry */
function timeAndLength({ started_utc, duration_s }) {
  if (started_utc === null) return "";
  const time = timeOfDay(started_utc);
  return duration_s === null ? time : `${time} · ${duration(duration_s)}`;
}

/** @param {SessionEntry} entry */
function sentences(entry) {
  switch (entry.state) {
    case "recording":
      return [make("span", { class: "now" }, make("i", { class: "state-shape" }), "Recording now")];
    case "unexpected_end":
      return ["Ended unexpectedly. Nothing was lost."];
    case "unreadable":
      return [entry.error ?? "This file cannot be read."];
    case "complete":
      return entry.kind === "simulated" ? [wearers(entry.hearts)] : [];
  }
}

/** Deleting asks once, in the row itself. @param {SessionEntry} entry @param {HTMLElement} line */
function deleteButton(entry, line) {
  const button = make("button", { class: "link", type: "button" }, "Delete");
  button.setAttribute(
    "aria-label",
    `Delete the session of ${day(entry.started_utc)}, ${timeOfDay(entry.started_utc)}`,
  );
  button.addEventListener("click", () => {
    const sure = make("button", { class: "button danger", type: "button" }, "Delete for good");
    const keep = make("button", { class: "button", type: "button" }, "Keep");
    const question = make(
      "div",
      { class: "confirm", role: "group", "aria-label": "Delete this session?" },
      make("span", {}, "Delete this session? Nobody can bring it back."),
      keep,
      sure,
    );
    line.classList.add("asking");
    line.append(question);
    keep.focus();
    const close = () => {
      question.remove();
      line.classList.remove("asking");
      button.focus();
    };
    keep.addEventListener("click", close);
    question.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    sure.addEventListener("click", () => remove(entry, sure));
  });
  return button;
}

/** @param {SessionEntry} entry @param {HTMLButtonElement} button */
async function remove(entry, button) {
  button.disabled = true;
  try {
    await ask("DELETE", `/api/sessions/${encodeURIComponent(entry.id)}`);
    await refresh();
  } catch (error) {
    showProblem("problem", error);
    button.disabled = false;
  }
}

const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

/** @returns {ByPartner<string>} */
function names() {
  return { a: field("name-a").value.trim(), b: field("name-b").value.trim() };
}

async function simulate() {
  if (!(/** @type {HTMLFormElement} */ (byId("new-session")).reportValidity())) return;
  const button = /** @type {HTMLButtonElement} */ (byId("simulate"));
  button.disabled = true;
  try {
    const { run } = await ask("POST", "/api/sessions", { labels: names(), scene: "alike" });
    location.assign(`/run/${encodeURIComponent(run)}`);
  } catch (error) {
    showProblem("start-problem", error);
    button.disabled = false;
  }
}

/** The straps of last time, and whether there is Bluetooth: then they are the first choice. */
async function showStraps() {
  /** @type {Straps} */
  const straps = await ask("GET", "/api/straps").catch(() => null);
  if (!straps) return;
  const known = carriedNames() ?? straps.labels;
  for (const p of PARTNERS) {
    if (known && field(`name-${p}`).value === DEFAULT_NAMES[p]) field(`name-${p}`).value = known[p];
  }
  const { strap, primary, note, calibrated } = strapCard(straps);
  for (const p of PARTNERS) setText(byId(`strap-${p}`), strap[p]);
  byId("use-straps").classList.toggle("primary", primary === "straps");
  byId("simulate").classList.toggle("primary", primary === "simulated");
  setText(byId("bluetooth"), note);
  byId("bluetooth").hidden = note === "";
  setText(byId("calibrated"), calibrated);
  byId("calibrated").hidden = calibrated === "";
}

/** @param {string} id @param {unknown} error null takes the sentence away */
function showProblem(id, error) {
  const place = byId(id);
  place.hidden = error === null;
  setText(place, error instanceof Error ? error.message : "");
}
