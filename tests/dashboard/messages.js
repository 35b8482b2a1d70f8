/** Messages as a server sends them, for the tests. */

export const settings = {
  fs_hz: 4,
  window_s: 30,
  hop_s: 1,
  max_lag_s: 5,
  lag_s: [-5, 0, 5],
  hrv_window_s: 60,
  stale_after_s: 3,
};

export function hello(changes = {}) {
  return {
    type: "hello",
    protocol: 1,
    version: "0.1.0",
    epoch: 1,
    resumed: false,
    mode: "live",
    session: {
      id: "s",
      kind: "simulated",
      hearts: "simulated",
      labels: { a: "Ana", b: "Ben" },
      started_utc: "2026-11-17T20:04:00Z",
      straps: { a: { model: "H10" }, b: {} },
      warning: null,
    },
    duration_s: null,
    settings,
    state: { type: "state", state: "recording", rate: 1, message: null, file: null },
    ...changes,
  };
}

export function tick(seq, t_s, bpm = 70) {
  const nothing = { t_s: [], rr_ms: [] };
  return {
    type: "tick",
    seq,
    t_s,
    hr: {
      a: { t_s: [t_s - 1], bpm: [bpm], provisional: { t_s: [t_s - 0.75], bpm: [bpm + 1] } },
      b: { t_s: [t_s - 1], bpm: [null], provisional: { t_s: [], bpm: [] } },
    },
    beats: { a: { t_s: [t_s - 1], rr_ms: [857.1] }, b: nothing },
  };
}

export function signal(changes = {}) {
  return {
    state: "streaming",
    reason: null,
    age_s: 0.4,
    contact: true,
    battery_percent: 80,
    packets: 10,
    gaps: 0,
    bad_packets: 0,
    problem: null,
    duplicates: 0,
    inferred: 0,
    ...changes,
  };
}
