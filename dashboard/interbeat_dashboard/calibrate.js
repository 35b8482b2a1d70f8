/** @import { Calibration } from "./types.d.ts" */
/** @import { Choice } from "./pairing.js" */
import { ask } from "./api.js";
import { connectWords, headline, LABELS, resultWords, sharedWords, STEPS } from "./calibration.js";
import { commands, showObstacle, showProblem, showRecording } from "./commands.js";
import { byId, setText } from "./dom.js";
import { foundList } from "./found.js";
import { chosen, rememberedChoice } from "./pairing.js";
import { partnerPanel } from "./panel.js";
import { poll } from "./poll.js";
import { PARTNERS } from "./state.js";
import { showBeads, showSteps } from "./steps.js";
import { themeButton } from "./theme.js";

const API = "/api/calibration";
const BEADS = 8;

const go = /** @type {HTMLButtonElement} */ (byId("go"));
const panels = {
  a: partnerPanel(byId("panel-a"), "a", () => {}),
  b: partnerPanel(byId("panel-b"), "b", () => {}),
};
const list = foundList(byId("found"), (partner, id) => {
  touched = true;
  choice = chosen(choice, partner, id);
  redraw();
});

/** @type {Calibration | null} */
let shown = null;
/** @type {Choice} */
let choice = { a: null, b: null };
/** Whether somebody has chosen by hand: then what was brought along has no say any more. */
let touched = false;

const query = new URLSearchParams(location.search);
/** The straps of the page that led here. */
const brought = { a: query.get("a"), b: query.get("b") };
const { busy, refusal, carryOut, tell } = commands(API, {
  take: (/** @type {Calibration} */ calibration) => polling.take(calibration),
  redraw,
});
const polling = poll(look, take, (error) =>
  shown === null ? showObstacle(error) : showProblem(error.message),
);

/** Ask for the comparison; where there is none, begin it. @returns {Promise<Calibration>} */
async function look() {
  const calibration = await ask("GET", API);
  showRecording(calibration.recording);
  return calibration.step === null ? ask("POST", API) : calibration;
}

/** @param {Calibration} calibration */
function take(calibration) {
  const moved = shown !== null && shown.step !== calibration.step;
  shown = calibration;
  if (shown.step === "find" && !touched) choice = rememberedChoice(shown.found, brought);
  redraw();
  if (moved) byId("title").focus();
}

function redraw() {
  if (shown === null) return;
  const { step, problem, found, partners, virtual, scanning, clean_s, needed_s } = shown;
  const { title, lead } = headline(shown);
  setText(byId("title"), title);
  setText(byId("lead"), lead);
  setText(byId("live"), `${title}. ${lead}`);
  showSteps(byId("steps"), STEPS, step);
  document.body.dataset.step = step;
  byId("virtual").hidden = !virtual;
  byId("no-radio").hidden = step !== "find" || problem === null;
  byId("find").hidden = step !== "find" || problem !== null;
  byId("scanning").hidden = !scanning;
  byId("straps").hidden = partners === null;
  byId("progress").hidden = step !== "listen";
  list.show(found, choice, LABELS);
  for (const p of partners ? PARTNERS : []) {
    if (partners) panels[p].show(`${LABELS[p]} strap`, partners[p]);
  }
  showBeads(byId("beads"), BEADS, clean_s, needed_s);
  setText(byId("beads-word"), `${Math.floor(clean_s)} of ${needed_s} seconds`);
  showShared(shown);
  showProblem(refusal() ?? (step === "find" ? null : problem));
  showResult(shown);
  showActions(shown);
}

/** Which straps can be compared where nobody wears them. @param {Calibration} calibration */
function showShared(calibration) {
  const words = sharedWords(calibration.shared_hearts);
  byId("shared").hidden = words === "";
  setText(byId("shared"), words);
}

/** @param {Calibration} calibration */
function showResult(calibration) {
  const words = resultWords(calibration);
  byId("result").hidden = words === null;
  setText(byId("figure"), words?.figure ?? "");
  setText(byId("figure-words"), words?.text ?? "");
}

/** @param {Calibration} calibration */
function showActions({ step, problem, result, accepted }) {
  const found = result !== null && result.reason === null;
  go.hidden = step === "listen" || (step === "result" && !found) || (step === "find" && problem !== null);
  go.disabled = busy() || (step === "find" && (choice.a === null || choice.b === null));
  setText(go, step === "find" ? connectWords(choice) : accepted ? "To the sessions" : "Keep the difference");
  byId("again").hidden = step !== "result" || accepted;
  byId("back").hidden = step === "find" || accepted;
  byId("cancel").hidden = accepted;
}

async function leave() {
  polling.end();
  await ask("DELETE", API).catch(() => null);
  location.assign("/");
}

go.addEventListener("click", () =>
  carryOut(async () => {
    if (shown?.step === "find") await tell("choose", choice);
    else if (shown?.accepted) await leave();
    else await tell("accept");
  }),
);
byId("again").addEventListener("click", () => carryOut(() => tell("again")));
byId("back").addEventListener("click", () => carryOut(() => tell("back")));
byId("cancel").addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});
themeButton(byId("theme"));
