/** @import { Hello, Linkage, RunState } from "./types.d.ts" */
/** @import { Run } from "./state.js" */
import { byId, nameAnd, setText } from "./dom.js";
import { clock, day, pair, signed, span, spanWords, timeOfDay, wearers, wholeAge } from "./format.js";

/** The disk is asked to keep up; only falling behind by this much real time is worth a word. */
const BEHIND_S = 5;

/** All texts of the page that the first message decides. @param {Hello} hello */
export function showSession({ session, settings, mode }) {
  const { labels, started_utc, kind, hearts } = session;
  const { window_s, lag_s, fs_hz, max_lag_s } = settings;
  document.title = `${pair(labels)} · interbeat`;
  setText(byId("session-names"), pair(labels));
  setText(byId("session-date"), `${day(started_utc)}, ${timeOfDay(started_utc)}`);
  byId("session-demo").hidden = kind !== "simulated";
  setText(byId("session-hearts"), wearers(hearts));
  nameAnd(byId("a-first"), labels.a, "first");
  nameAnd(byId("b-first"), labels.b, "first");
  nameAnd(byId("speaks-a"), labels.a, "speaks");
  nameAnd(byId("speaks-b"), labels.b, "speaks");
  setText(byId("lag-high"), signed(Math.max(...lag_s)));
  setText(byId("lag-low"), signed(Math.min(...lag_s)));
  setText(byId("lag-settings"), `lag in seconds · ${span(window_s)} windows at their centre`);
  setText(
    byId("lag-note"),
    `The newest column is at least ${spanWords(window_s / 2)} old. ` +
      "A picture, not a verdict: strangers show colours as strong, and alike is not better.",
  );
  setText(
    byId("settings-note"),
    `${fs_hz} Hz · windows ${span(window_s)} · lags ±${span(max_lag_s)} · not a medical device`,
  );
  byId("strap-warning").hidden = !session.warning;
  setText(byId("strap-warning-text"), session.warning ?? "");
  byId("keys").hidden = mode !== "live";
  byId("transport").hidden = mode !== "replay";
}

/** What the run is doing: recording, playing, paused, moving, ended or failed. @param {Run} run */
export function showState({ hello, play, now_s, linkage }) {
  if (!hello || !play) return;
  const recording = play.state === "recording";
  byId("recording").dataset.state = play.state;
  setText(byId("state-word"), stateWord(hello, play));
  byId("stop").hidden = !recording;
  byId("keys").classList.toggle("over", !recording);
  for (const button of byId("keys").querySelectorAll("button")) {
    if (button.id !== "freeze") button.disabled = !recording;
  }
  const over = play.state === "ended" || play.state === "failed";
  if (hello.mode === "live" && over) showEnd(play, now_s, linkage);
}

/** Who speaks, as it is written down, whoever holds the key. @param {Run} run */
export function showSpeaking({ speaks }) {
  byId("speak-a").setAttribute("aria-pressed", String(speaks.a));
  byId("speak-b").setAttribute("aria-pressed", String(speaks.b));
}

/** @param {Hello} hello @param {RunState} play */
function stateWord({ mode }, { state, message, to_s }) {
  if (to_s !== null) return mode === "live" ? "Catching up" : `Moving to ${clock(to_s)} …`;
  switch (state) {
    case "recording":
      return "Recording";
    case "playing":
      return "Replay";
    case "paused":
      return message ? "At the end" : "Paused";
    case "ended":
      return mode === "live" ? "Saved" : "At the end";
    case "failed":
      return "Stopped";
  }
}

/** @param {RunState} play @param {number} now_s @param {Linkage | null} linkage */
function showEnd({ state, message, file }, now_s, linkage) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ended"));
  setText(byId("ended-title"), state === "ended" ? "Recording saved" : "The recording stopped");
  setText(byId("ended-text"), message ?? `${clock(now_s)} on this computer.`);
  setText(byId("ended-connection"), linkage?.words.text ?? "");
  setText(byId("ended-file"), file ?? "");
  if (!dialog.open) dialog.showModal();
}

/** The figures of the header that go on by themselves. @param {Run} run */
export function showProgress({ hello, quality, play, now_s }) {
  setText(byId("elapsed"), hello?.mode === "live" ? clock(now_s) : "");
  const saved_s = quality?.recording.saved_s ?? now_s;
  const steady = play?.state === "recording" && play.to_s === null;
  const behind_s = steady ? (now_s - saved_s) / play.rate : 0;
  setText(
    byId("on-disk"),
    behind_s > BEHIND_S ? `on the disk up to ${wholeAge(behind_s)} ago` : "",
  );
}
