/** Messages as a server sends them, for the tests. */

export const settings = {
  fs_hz: 4,
  window_s: 30,
  hop_s: 1,
  max_lag_s: 5,
  lag_s: [-5, 0, 5],
  hrv_window_s: 60,
  stale_after_s: 3,
  linkage_span_s: 1200,
  linkage_lag_s: [-15, 0, 15],
  linkage_needed_s: 480,
  linkage_needed_share: 0.75,
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
      before: null,
      scene: null,
    },
    duration_s: null,
    settings,
    words: { measures: {}, says_not: "" },
    scenes: [],
    state: { type: "state", state: "recording", rate: 1, to_s: null, message: null, file: null },
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
    raw: [],
    ...changes,
  };
}

export function linkage(changes = {}) {
  return {
    type: "linkage",
    seq: 9,
    t_s: 600,
    from_s: 0,
    to_s: 597,
    joint_s: 590,
    clean_s: { a: 595, b: 590 },
    clean_share: 0.99,
    more_s: null,
    silent: [],
    state: "no_linkage",
    evidence: "none",
    p: null,
    r: null,
    r_low: null,
    r_high: null,
    r_adjusted: null,
    lag_s: null,
    p_antiphase: null,
    r_antiphase: null,
    own_share: null,
    own_low: null,
    own_high: null,
    chance_r: null,
    chance_band: null,
    profile: null,
    lead: {
      claim: null,
      asymmetry_z: null,
      balance: null,
      balance_low: null,
      balance_high: null,
    },
    settling: {
      half_decay_s: { a: null, b: null, pair: null },
      low_s: null,
      high_s: null,
      usual_s: null,
      state: "no_reference",
    },
    recovery: {
      a: { half_s: null, low_s: null, high_s: null, episodes: null },
      b: { half_s: null, low_s: null, high_s: null, episodes: null },
    },
    index: { value: null, low: null, high: null, state: "locked", reason: "no_reference" },
    reference: { known_s: { a: 0, b: 0 }, needed_s: 2280 },
    breathing: { z: 0, locked: false },
    speech_known: false,
    flags: [],
    words: {
      headline: "No linkage beyond chance found",
      text: "",
      strength: null,
      held: null,
      lead: null,
      settling: "",
      recovery: null,
      index: null,
      flags: [],
    },
    ...changes,
  };
}
