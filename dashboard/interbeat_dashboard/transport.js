/** @import { Request, RunState } from "./types.d.ts" */
import { setText } from "./dom.js";
import { clock, moment, spanWords } from "./format.js";

export const RATES = [1, 4, 16, 60];
const STEP_S = 5;

/**
 * The transport of a replay: where it stands, play and pause, steps, rates, and a slider over the
 * whole recording that jumps when it is let go.
 *
 * @param {object} parts
 * @param {HTMLButtonElement} parts.toggle
 * @param {HTMLElement} parts.time
 * @param {HTMLElement} parts.length
 * @param {HTMLInputElement} parts.slider
 * @param {HTMLButtonElement[]} parts.rates
 * @param {(request: Request) => void} parts.send
 */
export function transport({ toggle, time, length, slider, rates, send }) {
  let now_s = 0;
  let duration_s = 0;
  let playing = false;
  let scrubbing = false;

  toggle.addEventListener("click", () => playOrPause());
  for (const button of rates) {
    button.addEventListener("click", () =>
      send({ type: "rate", rate: Number(button.dataset.rate) }),
    );
  }
  slider.addEventListener("input", () => {
    scrubbing = true;
    tell(Number(slider.value));
  });
  slider.addEventListener("change", () => {
    scrubbing = false;
    jump(Number(slider.value));
  });

  function playOrPause() {
    send({ type: playing ? "pause" : "play" });
  }

  /** @param {number} t_s */
  function jump(t_s) {
    // Told at once, so that the next step begins here even when it comes before the answer.
    now_s = Math.min(duration_s, Math.max(0, t_s));
    tell(now_s);
    send({ type: "jump", t_s: now_s });
  }

  /** @param {number} t_s */
  function tell(t_s) {
    setText(time, clock(t_s));
    slider.setAttribute("aria-valuetext", `${moment(t_s)} of ${moment(duration_s)}`);
    slider.style.setProperty("--played", `${(100 * t_s) / Math.max(1, duration_s)}%`);
  }

  return {
    playOrPause,
    /** @param {number} by_s */
    step(by_s) {
      jump(now_s + by_s);
    },
    toStart() {
      jump(0);
    },
    /** @param {number} t_s @param {number} length_s @param {RunState} state */
    show(t_s, length_s, state) {
      now_s = state.to_s ?? t_s;
      duration_s = length_s;
      playing = state.state === "playing";
      slider.max = String(Math.ceil(length_s));
      slider.setAttribute(
        "aria-label",
        `Moment of the recording, ${spanWords(Math.round(length_s))}`,
      );
      if (!scrubbing) {
        slider.value = String(now_s);
        tell(now_s);
      }
      setText(length, `of ${clock(length_s)}`);
      toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
      toggle.dataset.playing = String(playing);
      for (const button of rates) {
        button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === state.rate));
      }
    },
    /** What a key means here; true when it was one. @param {string} key */
    key(key) {
      const now = { " ": playOrPause, k: playOrPause, j: () => jump(now_s - STEP_S) }[key];
      if (now) now();
      else if (key === "ArrowLeft") jump(now_s - STEP_S);
      else if (key === "l" || key === "ArrowRight") jump(now_s + STEP_S);
      else if (key === "Home") jump(0);
      else return false;
      return true;
    },
  };
}
