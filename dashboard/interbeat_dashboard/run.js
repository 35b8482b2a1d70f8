/** @import { ByPartner, Hello, Maybe, Message, Partner, Series, View } from "./types.d.ts" */
/** @import { SignalWords } from "./signal.js" */
/** @import { Tip } from "./overlay.js" */
import { announcer } from "./announce.js";
import { ask, openReplay } from "./api.js";
import { heartRateChart, plotly, rhythms } from "./charts.js";
import { sessionClock } from "./clock.js";
import { byId, setText } from "./dom.js";
import { clock, day, pair, signed, span, spanWords, timeOfDay, wholeAge } from "./format.js";
import { paced } from "./frames.js";
import { holdButton } from "./hold.js";
import { timeLane } from "./lane.js";
import { MARKER_KEYS, marking } from "./markers.js";
import { measures } from "./measures.js";
import { overlay } from "./overlay.js";
import { newest } from "./series.js";
import { ageNow, signalWords } from "./signal.js";
import { follow } from "./socket.js";
import { PARTNERS, apply, emptyRun } from "./state.js";
import { strapRow } from "./straps.js";
import { lagStrip } from "./strip.js";
import { heartRateSummary, signalSummary, stripSummary } from "./summary.js";
import { heartRateTable, lagTable, tableButton } from "./tables.js";
import { onTheme, themeButton } from "./theme.js";
import { transport } from "./transport.js";

const WINDOWS_S = [60, 300, 1800];
const PING_MS = 5000;
const SUMMARY_MS = 5000;
const NOTICE_MS = 3000;
const STILL_MS = 1000;
const MOVING_MS = 250;

const runId = location.pathname.split("/").at(-1) ?? "";
const run = emptyRun();
const session = sessionClock();
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const announce = announcer((text) => setText(byId("live"), text));
const straps = { a: strapRow(byId("strap-a"), "a"), b: strapRow(byId("strap-b"), "b") };
const figures = { a: measures(byId("measures-a"), "a"), b: measures(byId("measures-b"), "b") };
const strip = lagStrip(byId("strip"));
const lane = timeLane(byId("lane"), byId("time-axis"));
const chartOverlay = overlay(byId("heart-rate-overlay"));
/** @type {Awaited<ReturnType<typeof heartRateChart>> | null} */
let chart = null;

let window_s = 300;
/** @type {Maybe} */
let frozenAt_s = null;
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
    byId("banner").hidden = true;
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
  sessionTime: session.at,
  whenWords: (at_s) => (at_s === null ? "Now" : `At ${clock(at_s)}, when you pressed`),
  send: sendMark,
});

/** @param {Message[]} messages */
function take(messages) {
  for (const message of messages) {
    if (message.type === "pong") session.answer(message.id, message.t_s, performance.now());
    else if (message.type === "saved") notice("saved");
    else if (message.type === "error") notice(message.message);
    else {
      apply(run, message);
      if (message.type === "hello") begin(message);
      if (message.type === "quality") qualityAt_ms = performance.now();
      if (message.type === "state" || message.type === "hello") showPlay();
    }
  }
  redraw();
}

/** Everything that the first message decides. @param {Hello} hello */
function begin(hello) {
  if (!hello.resumed) {
    chart?.reset();
    slow.at_s = -Infinity;
    frozenAt_s = null;
  }
  const { labels, started_utc, kind, straps: models } = hello.session;
  const { window_s: length_s, lag_s, hrv_window_s, fs_hz, max_lag_s } = hello.settings;
  document.title = `${pair(labels)} · interbeat`;
  setText(byId("session-names"), pair(labels));
  setText(byId("session-date"), `${day(started_utc)}, ${timeOfDay(started_utc)}`);
  byId("session-demo").hidden = kind !== "simulated";
  for (const p of PARTNERS) {
    straps[p].title(labels[p], models[p]?.model ?? "");
    figures[p].title(labels[p]);
    setText(byId(`${p}-first`), `${labels[p]} first`);
  }
  setText(byId("lag-settings"), `seconds · ${span(length_s)} windows, drawn at their centre`);
  setText(
    byId("lag-note"),
    `The newest column is at least ${spanWords(length_s / 2)} old. ` +
      "A picture, not a verdict; alike is not better.",
  );
  setText(byId("lag-high"), signed(Math.max(...lag_s)));
  setText(byId("lag-low"), signed(Math.min(...lag_s)));
  setText(byId("side-span"), `Last ${spanWords(hrv_window_s)}`);
  setText(
    byId("settings-note"),
    `${fs_hz} Hz · windows ${span(length_s)} · lags ±${span(max_lag_s)} · not a medical device`,
  );
  document.body.dataset.mode = hello.mode;
  byId("keys").hidden = hello.mode !== "live";
  byId("transport").hidden = hello.mode !== "replay";
}

/** What the run is doing: recording, playing, paused, ended, failed. */
function showPlay() {
  const { hello, play } = run;
  if (!hello || !play) return;
  const live = hello.mode === "live";
  const words = {
    recording: "Recording",
    playing: "Replay",
    paused: "Paused",
    ended: live ? "Saved" : "End of the recording",
    failed: "Stopped",
  };
  byId("recording").dataset.state = play.state;
  setText(byId("state-word"), words[play.state]);
  byId("stop").hidden = play.state !== "recording";
  for (const button of document.querySelectorAll(".keys .button, .keys [data-mark]")) {
    /** @type {HTMLButtonElement} */ (button).disabled = play.state !== "recording";
  }
  if (live && (play.state === "ended" || play.state === "failed")) showEnd(play);
  if (!live && play.state === "failed") banner(play.message ?? "The replay stopped.");
}

/** @param {{ state: string, message: string | null, file: string | null }} play */
function showEnd({ state, message, file }) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ended"));
  setText(byId("ended-title"), state === "ended" ? "Recording saved" : "The recording stopped");
  setText(byId("ended-text"), message ?? `${clock(run.now_s)} on this computer.`);
  setText(byId("ended-file"), file ?? "");
  if (!dialog.open) dialog.showModal();
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
  showHeader();
  const due = Math.abs(view.now_s - slow.at_s) >= 1 || slow.window_s !== window_s;
  if (due || slow.lines === null) slow = { at_s: view.now_s, window_s, lines: rhythms(run, view) };
  chart?.draw(run, view, due ? slow.lines : null);
  if (chart) chartOverlay.draw(run, view, chart.y, tips(words));
  strip.draw(run, view);
  lane.draw(run, view);
  for (const p of PARTNERS) figures[p].show(run.hrv?.[p] ?? null);
  const empty = PARTNERS.every((p) => newest(run.hr[p]) === null);
  byId("heart-rate-waiting").hidden = !empty && chart !== null;
  if (empty && chart) setText(byId("heart-rate-waiting"), "Waiting for the first heartbeats.");
  summarise(view, words);
}

/** Seconds of session time since the last `quality`: ages count on while a session runs. */
function sinceQuality_s() {
  const { hello, play } = run;
  if (hello?.mode === "replay" && play?.state !== "playing") return 0;
  if (play?.state === "ended") return 0;
  return ((performance.now() - qualityAt_ms) / 1000) * (play?.rate ?? 1);
}

function showStraps() {
  const stale_after_s = run.hello?.settings.stale_after_s ?? 3;
  const since_s = sinceQuality_s();
  const words = /** @type {Record<Partner, SignalWords>} */ ({});
  for (const p of PARTNERS) {
    const signal = run.quality?.partners[p] ?? null;
    const age_s = signal && ageNow(signal, since_s);
    words[p] = signalWords(signal, age_s, stale_after_s);
    straps[p].show(words[p], signal, age_s, run.hrv?.[p].artifact_share ?? null);
  }
  return words;
}

function showHeader() {
  const { hello, play, quality } = run;
  if (!hello || !play) return;
  const live = hello.mode === "live";
  setText(byId("elapsed"), live ? clock(run.now_s) : "");
  const behind_s = quality?.recording.saved_s == null ? 0 : run.now_s - quality.recording.saved_s;
  setText(byId("on-disk"), behind_s > 5 ? `saved up to ${wholeAge(behind_s)} ago` : "");
  setText(byId("frozen-word"), play.state === "recording" ? "still recording" : "");
  byId("frozen").hidden = frozenAt_s === null;
  if (!live) replay.show(run.now_s, hello.duration_s ?? run.now_s, play);
}

/** Where the lines end. @param {Record<Partner, SignalWords>} words
 * @returns {ByPartner<Tip | null>} */
function tips(words) {
  const at = (/** @type {Partner} */ p) => {
    const last = slow.lines && newest(slow.lines[p]);
    if (!last) return null;
    const old_s = run.now_s - last.t_s;
    const fresh = words[p].fresh && old_s < (run.hello?.settings.stale_after_s ?? 3) + 2;
    return { t_s: last.t_s, bpm: last.value, fresh, note: fresh ? "" : `${wholeAge(old_s)} old` };
  };
  return { a: at("a"), b: at("b") };
}

/** @param {View} view @param {Record<Partner, SignalWords>} words */
function summarise(view, words) {
  announce(signalSummary(run, words));
  if (performance.now() - summaryAt_ms < SUMMARY_MS) return;
  summaryAt_ms = performance.now();
  setText(byId("heart-rate-summary"), heartRateSummary(run, view));
  setText(byId("lag-summary"), stripSummary(run, view));
}

/** After a lost connection: say so, and find out whether coming back can work. @param {number} attempts */
async function lost(attempts) {
  if (run.play?.state === "ended" || run.play?.state === "failed") return;
  banner("Connection to interbeat lost, trying again.");
  if (attempts < 3) return;
  const list = await ask("GET", "/api/sessions").catch(() => null);
  if (list) banner("This run is over. The list of sessions has what was recorded.");
}

/** @param {string} text */
function banner(text) {
  byId("banner").hidden = false;
  setText(byId("banner"), text);
}

let noticeTimer = 0;
/** A short word at the bottom, gone after a moment. @param {string} text */
function notice(text) {
  const place = byId("notice");
  setText(place, text);
  place.classList.add("shown");
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => place.classList.remove("shown"), NOTICE_MS);
}

function ping() {
  socket.send({ type: "ping", id: session.ask(performance.now()) });
}

let markId = 1;
/** @param {string} label @param {Maybe} at_s */
function sendMark(label, at_s) {
  if (run.play?.state !== "recording") return;
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

function freeze() {
  frozenAt_s = frozenAt_s === null ? run.now_s : null;
  byId("freeze").setAttribute("aria-pressed", String(frozenAt_s !== null));
  setText(byId("freeze-word"), frozenAt_s === null ? "freeze display" : "go on");
  redraw();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const busy = target.closest("input, textarea, dialog[open]");
  if (event.ctrlKey || event.metaKey || event.altKey || busy || event.repeat) return;
  if (event.key === " " && target.closest("button, a")) return;
  if (event.key === "+" || event.key === "=") zoom(1);
  else if (event.key === "-" || event.key === "\u2212") zoom(-1);
  else if (run.hello?.mode === "replay") {
    if (!replay.key(event.key.length === 1 ? event.key.toLowerCase() : event.key)) return;
  } else if (!liveKey(event)) return;
  event.preventDefault();
}

/** @param {KeyboardEvent} event */
function liveKey(event) {
  const recording = run.play?.state === "recording";
  const label = MARKER_KEYS[/** @type {keyof typeof MARKER_KEYS} */ (Number(event.key))];
  if (event.key === " ") freeze();
  else if (event.key.toLowerCase() === "m" && recording) marker.ask(event.timeStamp);
  else if (label && recording) marker.mark(label, event.timeStamp);
  else return false;
  return true;
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
    if (run.hello) openReplay(run.hello.session.id).catch((error) => notice(error.message));
  });
  holdButton(byId("stop"), () => socket.send({ type: "stop" }));
  themeButton(byId("theme"));
  onTheme(recolour);
  document.addEventListener("keydown", onKey);
  const place = byId("heart-rate-table");
  tableButton(byId("heart-rate-table-button"), place, () => heartRateTable(run, currentView()));
  tableButton(byId("lag-table-button"), byId("lag-table"), () => lagTable(run, currentView()));
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
