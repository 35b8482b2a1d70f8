/** @import { ByPartner, Hello, Maybe, Message, Partner, Series, View } from "./types.d.ts" */
/** @import { SignalWords } from "./signal.js" */
/** @import { Tip } from "./overlay.js" */
import { announcer } from "./announce.js";
import { ask, openReplay } from "./api.js";
import { heartRateChart, plotly, rhythms } from "./charts.js";
import { sessionClock } from "./clock.js";
import { connectionLane } from "./connection.js";
import { byId, setText } from "./dom.js";
import { behindWords, clock, lastSpan, wholeAge } from "./format.js";
import { paced } from "./frames.js";
import { showProgress, showSession, showSpeaking, showState } from "./header.js";
import { holdButton } from "./hold.js";
import { keyboard } from "./keys.js";
import { timeLane } from "./lane.js";
import { MARKER_KEYS, marking } from "./markers.js";
import { measures } from "./measures.js";
import { banner, notice } from "./notice.js";
import { overlay } from "./overlay.js";
import { sceneForm } from "./scenes.js";
import { newest } from "./series.js";
import { ageNow, rawNote, signalWords } from "./signal.js";
import { NO_SUCH_RUN, follow } from "./socket.js";
import { speaking } from "./speaking.js";
import { PARTNERS, apply, behind_s, emptyRun } from "./state.js";
import { strapRow } from "./straps.js";
import { lagStrip } from "./strip.js";
import { heartRateSummary, signalSummary, stripSummary } from "./summary.js";
import { connectionTable, heartRateTable, lagTable, tableButton } from "./tables.js";
import { onTheme, themeButton } from "./theme.js";
import { connectionSummary } from "./together.js";
import { togetherPanel } from "./together_panel.js";
import { transport } from "./transport.js";

const WINDOWS_S = [60, 300, 1800];
const PING_MS = 5000;
const SUMMARY_MS = 5000;
const STILL_MS = 1000;
const MOVING_MS = 250;
/** The end of the slow line stands this far behind the newest packet at most. */
const KNOWN_LATE_S = 3;

const runId = location.pathname.split("/").at(-1) ?? "";
const run = emptyRun();
const session = sessionClock();
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const announce = announcer((text) => setText(byId("live"), text));
const straps = { a: strapRow(byId("strap-a"), "a"), b: strapRow(byId("strap-b"), "b") };
const figures = { a: measures(byId("measures-a"), "a"), b: measures(byId("measures-b"), "b") };
const together = togetherPanel(byId("together"));
const connection = connectionLane(byId("connection"));
const strip = lagStrip(byId("strip"));
const lane = timeLane(byId("lane"), byId("time-axis"));
const chartOverlay = overlay(byId("heart-rate-overlay"));
/** @type {Awaited<ReturnType<typeof heartRateChart>> | null} */
let chart = null;

let window_s = 300;
/** @type {Maybe} */
let frozenAt_s = null;
let connected = true;
let qualityAt_ms = 0;
let summaryAt_ms = -Infinity;
/** The slow lines and the moment and window they were made for. */
let slow = { at_s: -Infinity, window_s: 0, lines: /** @type {ByPartner<Series> | null} */ (null) };
const redraw = paced(draw, () => (reduced.matches ? STILL_MS : MOVING_MS));

const socket = follow({
  url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/${runId}`,
  onMessages: take,
  onOpen: () => {
    session.reset();
    ping();
  },
  onLost: lost,
});

const replay = transport({
  toggle: /** @type {HTMLButtonElement} */ (byId("play")),
  time: byId("replay-time"),
  length: byId("replay-length"),
  slider: /** @type {HTMLInputElement} */ (byId("slider")),
  rates: /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-rate]")]),
  send: socket.send,
});

const marker = marking({
  dialog: /** @type {HTMLDialogElement} */ (byId("mark-dialog")),
  form: /** @type {HTMLFormElement} */ (byId("mark-form")),
  input: /** @type {HTMLInputElement} */ (byId("mark-text")),
  when: byId("mark-when"),
  sessionTime: (page_ms) => session.at(page_ms, run.play?.rate),
  whenWords: (at_s) => (at_s === null ? "Now" : `At ${clock(at_s)}, when you pressed`),
  send: sendMark,
});

const scene = sceneForm();

const talk = speaking({
  buttons: { a: byId("speak-a"), b: byId("speak-b") },
  recording,
  tell: (partner, on, page_ms) => {
    const at_s = session.at(page_ms, run.play?.rate);
    if (!socket.send({ type: "speech", partner, on, at_s })) {
      notice("Not written down: the connection is lost.");
    }
  },
});

/** @param {Message[]} messages */
function take(messages) {
  if (!connected) banner(null);
  connected = true;
  for (const message of messages) {
    if (message.type === "pong") session.answer(message.id, message.t_s, performance.now());
    else if (message.type === "saved") notice("saved");
    else if (message.type === "error") notice(message.message);
    else {
      apply(run, message);
      if (message.type === "hello") begin(message);
      if (message.type === "speech" || message.type === "hello") showSpeaking(run);
      if (message.type === "quality") qualityAt_ms = performance.now();
      if (message.type === "state" || message.type === "hello") showState(run);
      if (message.type === "state") showTransport();
    }
  }
  redraw();
}

/** @param {Hello} hello */
function begin(hello) {
  showSession(hello);
  const { labels, straps: models } = hello.session;
  for (const p of PARTNERS) {
    straps[p].title(labels[p], models[p]?.model ?? "");
    figures[p].title(labels[p]);
  }
  together.title(run);
  scene.show(hello);
  if (hello.resumed) return;
  connection.reset();
  chart?.reset();
  slow.at_s = -Infinity;
  if (frozenAt_s !== null) freeze();
}

/** @returns {View} */
function currentView() {
  const now_s = frozenAt_s ?? run.now_s;
  return { from_s: now_s - window_s, now_s, window_s, mode: run.hello?.mode ?? "live" };
}

/** Draw all that messages may have changed. */
function draw() {
  if (!run.hello) return;
  const view = currentView();
  const words = showStraps();
  showProgress(run);
  showTransport();
  const due = Math.abs(view.now_s - slow.at_s) >= 1 || slow.window_s !== window_s;
  if (due || slow.lines === null) slow = { at_s: view.now_s, window_s, lines: rhythms(run, view) };
  chart?.draw(run, view, due ? slow.lines : null);
  if (chart) chartOverlay.draw(run, view, chart.y, tips(words, view));
  strip.draw(run, view);
  lane.draw(run, view);
  showFigures();
  if (frozenAt_s === null) {
    together.show(run);
    connection.draw(run);
  }
  setText(byId("behind"), behindWords(behind_s(run)));
  summarise(view, words);
}

function showTransport() {
  if (run.hello?.mode !== "replay" || !run.play) return;
  replay.show(run.now_s, run.hello.duration_s ?? run.now_s, run.play);
}

function showFigures() {
  const { hrv_window_s } = run.hello?.settings ?? { hrv_window_s: 300 };
  const whole = run.now_s >= hrv_window_s;
  setText(byId("side-span"), whole ? `Over the ${lastSpan(hrv_window_s)}` : "Since the start");
  for (const p of PARTNERS) figures[p].show(run.hrv?.[p] ?? null);
  const empty = PARTNERS.every((p) => newest(run.hr[p]) === null);
  byId("heart-rate-waiting").hidden = !empty && chart !== null;
  if (empty && chart) setText(byId("heart-rate-waiting"), "Waiting for the first heartbeats.");
}

/** Seconds of session time since the last `quality`: ages count on while a recording runs. */
function sinceQuality_s() {
  if (run.play?.state !== "recording") return 0;
  return ((performance.now() - qualityAt_ms) / 1000) * run.play.rate;
}

function showStraps() {
  const stale_after_s = run.hello?.settings.stale_after_s ?? 3;
  const since_s = sinceQuality_s();
  const words = /** @type {Record<Partner, SignalWords>} */ ({});
  for (const p of PARTNERS) {
    const signal = run.quality?.partners[p] ?? null;
    const age_s = signal && ageNow(signal, since_s);
    const gap = run.gaps.find((g) => g.partner === p && g.to_s === null);
    words[p] = signalWords(signal, age_s, stale_after_s, gap ? run.now_s - gap.from_s : null);
    straps[p].show(words[p], signal, age_s, run.hrv?.[p].artifact_share ?? null);
  }
  const note = run.hello ? rawNote(run.quality?.partners ?? null, run.hello.session.labels) : "";
  byId("raw-note").hidden = note === "";
  setText(byId("raw-note"), note);
  return words;
}

/** Where the lines end, and whether the value there may pass for the current one.
 * @param {Record<Partner, SignalWords>} words @param {View} view @returns {ByPartner<Tip | null>} */
function tips(words, view) {
  const limit_s = (run.hello?.settings.stale_after_s ?? 3) + KNOWN_LATE_S;
  const tip = (/** @type {Partner} */ p) => {
    const last = slow.lines && newest(slow.lines[p]);
    if (!last) return null;
    const old_s = Math.max(view.now_s - last.t_s, frozenAt_s === null ? (words[p].age_s ?? 0) : 0);
    const fresh = (words[p].fresh || frozenAt_s !== null) && old_s < limit_s;
    return { t_s: last.t_s, bpm: last.value, fresh, note: fresh ? "" : `${wholeAge(old_s)} old` };
  };
  return { a: tip("a"), b: tip("b") };
}

/** @param {View} view @param {Record<Partner, SignalWords>} words */
function summarise(view, words) {
  announce(signalSummary(run, words));
  if (performance.now() - summaryAt_ms < SUMMARY_MS) return;
  summaryAt_ms = performance.now();
  setText(byId("heart-rate-summary"), heartRateSummary(run, view));
  setText(byId("lag-summary"), stripSummary(run, view));
  setText(byId("connection-summary"), connectionSummary(run.points));
}

/** After a lost connection: say so. A new cookie may be needed: asking for the list finds out.
 * @param {number} attempts @param {number} code */
function lost(attempts, code) {
  if (run.play?.state === "ended" || run.play?.state === "failed") return socket.close();
  connected = false;
  if (code === NO_SUCH_RUN) {
    socket.close();
    return banner("This run is over. The list of sessions has what was recorded.");
  }
  banner("Connection to interbeat lost, trying again.");
  if (attempts === 3) ask("GET", "/api/sessions").catch(() => null);
}

function ping() {
  socket.send({ type: "ping", id: session.ask(performance.now()) });
}

let markId = 1;
/** @param {string} label @param {Maybe} at_s */
function sendMark(label, at_s) {
  if (!socket.send({ type: "mark", id: markId++, label, at_s })) {
    notice("Not marked: the connection is lost.");
  }
}

/** @param {number} length_s */
function chooseWindow(length_s) {
  window_s = length_s;
  for (const button of document.querySelectorAll("[data-window]")) {
    const own = Number(/** @type {HTMLElement} */ (button).dataset.window);
    button.setAttribute("aria-pressed", String(own === length_s));
  }
  chart?.reset();
  redraw();
}

/** @param {1 | -1} direction */
function zoom(direction) {
  const next = WINDOWS_S.indexOf(window_s) - direction;
  if (WINDOWS_S[next]) chooseWindow(WINDOWS_S[next]);
}

function recording() {
  return run.play?.state === "recording";
}

function freeze() {
  frozenAt_s = frozenAt_s === null ? run.now_s : null;
  byId("frozen").hidden = frozenAt_s === null;
  byId("freeze").setAttribute("aria-pressed", String(frozenAt_s !== null));
  setText(byId("freeze-word"), frozenAt_s === null ? "freeze display" : "go on");
  redraw();
}

function recolour() {
  chart?.recolour();
  strip.recolour();
  redraw();
}

function wire() {
  for (const button of document.querySelectorAll("[data-window]")) {
    const length_s = Number(/** @type {HTMLElement} */ (button).dataset.window);
    button.addEventListener("click", () => chooseWindow(length_s));
  }
  for (const [key, label] of Object.entries(MARKER_KEYS)) {
    const button = document.querySelector(`[data-mark="${key}"]`);
    button?.addEventListener("click", (event) => marker.mark(label, event.timeStamp));
  }
  byId("mark").addEventListener("click", (event) => marker.ask(event.timeStamp));
  byId("freeze").addEventListener("click", freeze);
  byId("to-start").addEventListener("click", replay.toStart);
  byId("back").addEventListener("click", () => replay.step(-5));
  byId("forward").addEventListener("click", () => replay.step(5));
  byId("ended-replay").addEventListener("click", () => {
    if (!run.hello) return;
    openReplay(run.hello.session.id).catch((error) =>
      setText(byId("ended-problem"), error.message),
    );
  });
  holdButton(byId("stop"), () => socket.send({ type: "stop" }));
  themeButton(byId("theme"));
  onTheme(recolour);
  keyboard({
    mode: () => run.hello?.mode,
    zoom,
    freeze,
    transport: replay.key,
    ask: (page_ms) => recording() && marker.ask(page_ms),
    mark: (label, page_ms) => recording() && marker.mark(label, page_ms),
    speak: talk.press,
    fallSilent: talk.release,
  });
  const place = byId("heart-rate-table");
  tableButton(byId("heart-rate-table-button"), place, () => heartRateTable(run, currentView()));
  tableButton(byId("lag-table-button"), byId("lag-table"), () => lagTable(run, currentView()));
  tableButton(byId("connection-table-button"), byId("connection-table"), () =>
    connectionTable(run.points),
  );
  new ResizeObserver(() => {
    chart?.resize();
    redraw();
  }).observe(byId("charts"));
  setInterval(ping, PING_MS);
  setInterval(redraw, STILL_MS);
}

wire();
chooseWindow(window_s);
plotly()
  .then((library) => heartRateChart(byId("heart-rate"), library))
  .then((made) => {
    chart = made;
    slow.at_s = -Infinity;
    redraw();
  })
  .catch((error) => setText(byId("heart-rate-waiting"), error.message));
