/** @import { ByPartner, Pairing, Partner, Straps } from "./types.d.ts" */
/** @import { Choice } from "./pairing.js" */
import { ask } from "./api.js";
import { commands, showObstacle, showProblem, showRecording } from "./commands.js";
import { byId, setText } from "./dom.js";
import { foundList } from "./found.js";
import { carriedNames } from "./names.js";
import {
  announcement,
  chosen,
  connectWords,
  headline,
  lesson,
  otherOf,
  rememberedChoice,
  STEPS,
} from "./pairing.js";
import { partnerPanel, showChecks } from "./panel.js";
import { poll } from "./poll.js";
import { rawChoice } from "./raw.js";
import { PARTNERS } from "./state.js";
import { showBeads, showSteps } from "./steps.js";
import { themeButton } from "./theme.js";

const API = "/api/pairing";
/** How many beads the thirty seconds have. */
const BEADS = 6;

const fields = {
  a: /** @type {HTMLInputElement} */ (byId("name-a")),
  b: /** @type {HTMLInputElement} */ (byId("name-b")),
};
const go = /** @type {HTMLButtonElement} */ (byId("go"));
const other = /** @type {HTMLButtonElement} */ (byId("other"));
const panels = {
  a: partnerPanel(byId("panel-a"), "a", lift),
  b: partnerPanel(byId("panel-b"), "b", lift),
};
const list = foundList(byId("found"), (partner, id) => {
  touched = true;
  choice = chosen(choice, partner, id);
  if (shown) shown.warning = null;
  redraw();
});

/** @type {Pairing | null} */
let shown = null;
/** @type {Choice} */
let choice = { a: null, b: null };
/** Whether somebody has chosen by hand: then what is remembered has no say any more. */
let touched = false;

const raw = rawChoice();
const { busy, refusal, carryOut, tell } = commands(API, {
  take: (/** @type {Pairing} */ pairing) => polling.take(pairing),
  redraw,
});
const polling = poll(look, take, (error) =>
  shown === null ? showObstacle(error) : showProblem(error.message),
);

/** Ask for the pairing; where there is none, begin it. @returns {Promise<Pairing>} */
async function look() {
  const pairing = await ask("GET", `${API}?${considered()}`);
  showRecording(pairing.recording);
  if (pairing.step !== null) return pairing;
  return ask("POST", API, { labels: shown ? labels() : await names() });
}

/** The straps that are chosen, so that two models are warned of before they are connected. */
function considered() {
  const query = new URLSearchParams();
  for (const p of PARTNERS) if (choice[p] !== null) query.set(p, choice[p]);
  return query;
}

/** @returns {Promise<ByPartner<string>>} */
async function names() {
  const carried = carriedNames();
  if (carried) return carried;
  /** @type {Straps} */
  const straps = await ask("GET", "/api/straps");
  return straps.labels ?? { a: "Ana", b: "Ben" };
}

/** @param {Pairing} pairing */
function take(pairing) {
  const first = shown === null;
  const moved = shown?.step !== pairing.step;
  shown = pairing;
  if (first) for (const p of PARTNERS) fields[p].value = pairing.labels[p];
  if (pairing.step === "find" && !touched) {
    choice = rememberedChoice(pairing.found, pairing.remembered);
  }
  redraw();
  if (moved && !first) byId("title").focus();
}

function redraw() {
  if (shown === null) return;
  const pairing = { ...shown, labels: labels() };
  const { title, lead } = headline(pairing);
  setText(byId("title"), title);
  setText(byId("lead"), lead);
  showLesson(lesson(pairing));
  showSteps(byId("steps"), STEPS, pairing.step);
  document.body.dataset.step = pairing.step;
  byId("virtual").hidden = !pairing.virtual;
  byId("find").hidden = pairing.step !== "find" || pairing.problem !== null;
  byId("no-radio").hidden = pairing.step !== "find" || pairing.problem === null;
  byId("straps").hidden = pairing.partners === null;
  if (pairing.step === "find") showFind(pairing);
  else showStraps(pairing);
  showTogether(pairing);
  showActions(pairing);
  setText(byId("live"), announcement(pairing));
}

/** The names as they stand on this page. @returns {ByPartner<string>} */
function labels() {
  const known = shown?.labels ?? { a: "Ana", b: "Ben" };
  return { a: fields.a.value.trim() || known.a, b: fields.b.value.trim() || known.b };
}

/** @param {Pairing} pairing */
function showFind({ found, labels, scanning }) {
  list.show(found, choice, labels);
  byId("scanning").hidden = !scanning;
  setText(byId("scanning-word"), found.length ? "Still looking" : "Looking for straps");
}

/** @param {Pairing} pairing */
function showStraps(pairing) {
  if (!pairing.partners) return;
  for (const p of PARTNERS) {
    panels[p].show(pairing.labels[p], pairing.partners[p], {
      ask: askWords(pairing, p),
      virtual: pairing.virtual,
    });
    byId(`panel-${p}`).classList.toggle("asked", asks(pairing, p));
  }
}

/** @param {Pairing} pairing @param {Partner} p */
const asks = ({ identity, step }, p) =>
  step === "identify" && identity?.asked === p && identity.state !== "settling";

/** What each of the two has to do in the identity check. @param {Pairing} pairing @param {Partner} p */
function askWords(pairing, p) {
  if (pairing.step !== "identify") return "";
  if (pairing.partners?.[p].identified === "lifted") return "Recognised";
  if (pairing.identity?.state === "settling") return "Waiting for a steady signal";
  return asks(pairing, p) ? "Lift the strap now" : "Sit still";
}

/** @param {Pairing} pairing */
function showTogether(pairing) {
  const { step, check_s, check_needed_s, warning } = pairing;
  byId("check").hidden = step !== "check" && step !== "ready";
  byId("progress").hidden = step !== "check";
  showBeads(byId("beads"), BEADS, check_s, check_needed_s);
  setText(
    byId("beads-word"),
    check_s >= check_needed_s
      ? `${check_needed_s} seconds heard`
      : `${Math.floor(check_s)} of ${check_needed_s} seconds`,
  );
  showChecks(byId("pair-checks"), pairing.pair_checks);
  byId("warning").hidden = warning === null;
  setText(byId("warning-text"), warning ?? "");
  byId("compare").setAttribute("href", `/calibrate?${compared(pairing)}`);
  raw.show(pairing);
  showProblem(refusal() ?? (step === "find" ? null : pairing.problem));
}

/** The two straps of the warning, to be compared. @param {Pairing} pairing */
function compared({ partners }) {
  return partners ? new URLSearchParams({ a: partners.a.id, b: partners.b.id }) : considered();
}

/** @param {Pairing} pairing */
function showActions({ step, can_start, problem, identity, labels, partners }) {
  const ready = choice.a !== null && choice.b !== null;
  const asked = identity?.asked ?? null;
  const noRadio = step === "find" && problem !== null;
  go.hidden = step === "identify" || noRadio;
  go.disabled = busy() || (step === "find" ? !ready : can_start === "no");
  go.classList.toggle("primary", can_start !== "anyway");
  setText(go, goWords());
  other.hidden = !(step === "identify" || noRadio);
  other.disabled = busy();
  setText(other, otherWords());
  byId("back").hidden = step === "find";

  function goWords() {
    if (step === "find") return connectWords(choice, labels);
    if (can_start === "anyway") return "Begin all the same";
    return can_start === "yes" ? "Begin the session" : "Begin when both are good";
  }

  function otherWords() {
    if (noRadio) return "Two simulated people instead";
    const done = asked !== null && partners?.[otherOf(asked)].identified === "lifted";
    return done ? `Skip: the other strap is ${labels[asked]}'s` : "Skip: we know whose is whose";
  }
}

/** @param {string} text */
function showLesson(text) {
  byId("lesson").hidden = text === "";
  setText(byId("lesson"), text);
}

/** @param {string} id */
function lift(id) {
  ask("POST", "/api/straps/lift", { id }).catch((error) => showProblem(error.message));
}

async function connect() {
  await tell("choose", { ...choice, labels: labels() });
}

/** Begin a run and go to its page; meanwhile nobody asks for straps that are handed over.
 * @param {string} path @param {object} body */
async function leaveFor(path, body) {
  polling.end();
  try {
    const { run } = await ask("POST", path, body);
    location.assign(`/run/${encodeURIComponent(run)}`);
  } catch (error) {
    polling.goOn();
    throw error;
  }
}

/** @param {boolean} anyway */
const begin = (anyway) => leaveFor(`${API}/start`, { labels: labels(), anyway, raw: raw.chosen() });
const simulate = () => leaveFor("/api/sessions", { labels: labels() });

go.addEventListener("click", () =>
  carryOut(() => (shown?.step === "find" ? connect() : begin(shown?.can_start === "anyway"))),
);
other.addEventListener("click", () =>
  carryOut(() => (shown?.step === "find" ? simulate() : tell("identify", { skip: true }))),
);
byId("back").addEventListener("click", () => carryOut(() => tell("back")));
byId("cancel").addEventListener("click", (event) => {
  event.preventDefault();
  polling.end();
  ask("DELETE", API)
    .catch(() => null)
    .then(() => location.assign("/"));
});
for (const p of PARTNERS) fields[p].addEventListener("input", redraw);
themeButton(byId("theme"));
