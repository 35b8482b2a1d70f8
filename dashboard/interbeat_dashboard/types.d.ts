/** The messages of docs/messages.md, and the few calls of Plotly the page makes. */

export type Partner = "a" | "b";
export type ByPartner<T> = { a: T; b: T };
export type Maybe = number | null;

export interface Settings {
  fs_hz: number;
  window_s: number;
  hop_s: number;
  max_lag_s: number;
  lag_s: number[];
  hrv_window_s: number;
  stale_after_s: number;
  linkage_span_s: number;
  linkage_lag_s: number[];
  linkage_needed_s: number;
  linkage_needed_share: number;
}

/** Whose hearts the straps wore; other than people's in a demo only. */
export type Hearts = "people" | "simulated" | "recorded";

export interface Session {
  id: string;
  kind: "recorded" | "simulated";
  hearts: Hearts;
  labels: ByPartner<string>;
  started_utc: string;
  straps: ByPartner<{ model?: string }>;
  /** What two different models may do to who seems to lead; null when nothing need be said. */
  warning: string | null;
  /** What a demo says of the minutes before it; null for everybody else. */
  before: string | null;
  /** Which of `scenes` it is; null for everybody else. */
  scene: string | null;
}

export type MeasureName =
  | "linkage"
  | "lead"
  | "settling"
  | "recovery"
  | "own_share"
  | "breathing"
  | "index";

/** What the server says of the measures, in its own words. */
export interface Words {
  measures: Record<MeasureName, { name: string; meaning: string }>;
  says_not: string;
}

export interface RunState {
  type: "state";
  state: "recording" | "playing" | "paused" | "ended" | "failed";
  rate: number;
  to_s: Maybe;
  message: string | null;
  file: string | null;
  seq?: number;
  t_s?: number;
}

export interface Hello {
  type: "hello";
  protocol: number;
  version: string;
  epoch: string | number;
  resumed: boolean;
  mode: "live" | "replay";
  session: Session;
  duration_s: Maybe;
  settings: Settings;
  words: Words;
  /** Other demos that this one can give way to; none beside people. */
  scenes: { id: string; name: string }[];
  state: RunState;
}

export interface Tick {
  type: "tick";
  seq: number;
  t_s: number;
  hr: ByPartner<{
    t_s: number[];
    bpm: Maybe[];
    provisional: { t_s: number[]; bpm: Maybe[] };
  }>;
  beats: ByPartner<{ t_s: number[]; rr_ms: Maybe[] }>;
}

export type FigureName = "mean_hr_bpm" | "rmssd_ms";

/** `grey`: shown with doubt; `off`: not shown. The reason is null when ok. */
export interface FigureState {
  state: "ok" | "grey" | "off";
  reason: string | null;
}

/** How a figure stands to the own baseline; ratio and difference are null when unknown. */
export interface Standing {
  standing: "higher" | "about" | "lower" | "unknown";
  baseline: Maybe;
  ratio: Maybe;
  difference: Maybe;
  reason: string | null;
}

export interface Baseline {
  from_s: number;
  to_s: number;
  state: "gathering" | "waiting" | "ok" | "too_short" | "noisy";
  reason: string | null;
  clean_s: number;
  needed_s: number;
  /** Null unless ok. */
  compared: Record<FigureName, Standing> | null;
}

export interface Hrv {
  mean_hr_bpm: Maybe;
  rmssd_ms: Maybe;
  states: Record<FigureName, FigureState>;
  differences?: "redistributed" | "masked";
  beats: Maybe;
  artifact_share: Maybe;
  clean_s?: Maybe;
  /** Null before anybody marked one. */
  baseline?: Baseline | null;
}

export interface Col {
  type: "col";
  seq: number;
  t_s: number;
  columns: { t_s: number; r: Maybe[] }[];
  hrv: ByPartner<Hrv>;
}

export type LinkState =
  | "scanning"
  | "connecting"
  | "streaming"
  | "stale"
  | "no_contact"
  | "no_pulse"
  | "lost"
  | "backoff";

export interface Signal {
  state: LinkState;
  reason: string | null;
  age_s: Maybe;
  contact: boolean | null;
  battery_percent: Maybe;
  packets: number;
  gaps: number;
  bad_packets: number;
  problem: string | null;
  duplicates: number;
  inferred: number;
  /** What is being recorded raw beside the intervals. */
  raw: RawSignal[];
}

export interface Quality {
  type: "quality";
  seq: number;
  t_s: number;
  partners: ByPartner<Signal>;
  recording: { saved_s: Maybe; elapsed_s: number };
}

export interface Mark {
  type: "mark";
  seq: number;
  t_s: number;
  at_s: number;
  label: string;
}

export interface Gap {
  type: "gap";
  seq: number;
  t_s: number;
  partner: Partner;
  from_s: number;
  to_s: Maybe;
  reason: string | null;
}

export interface Pong {
  type: "pong";
  id: number;
  t_s: number;
}

export interface Saved {
  type: "saved";
  id: number;
}

export interface Refusal {
  type: "error";
  message: string;
}

export interface Speech {
  type: "speech";
  seq: number;
  t_s: number;
  partner: Partner;
  at_s: number;
  on: boolean;
}

export type LinkageState = "not_enough_data" | "same_source" | "no_linkage" | "linked";

/** What the last twenty minutes say of both hearts. */
export interface Linkage {
  type: "linkage";
  seq: number;
  t_s: number;
  from_s: number;
  to_s: number;
  joint_s: number;
  clean_s: ByPartner<number>;
  clean_share: Maybe;
  more_s: Maybe;
  silent: { partner: Partner; reason: string }[];
  state: LinkageState;
  evidence: "none" | "some" | "clear" | null;
  p: Maybe;
  r: Maybe;
  r_low: Maybe;
  r_high: Maybe;
  r_adjusted: Maybe;
  lag_s: Maybe;
  p_antiphase: Maybe;
  r_antiphase: Maybe;
  own_share: Maybe;
  own_low: Maybe;
  own_high: Maybe;
  chance_r: Maybe;
  chance_band: Maybe;
  profile: Maybe[] | null;
  lead: {
    claim: Partner | null;
    asymmetry_z: Maybe;
    balance: Maybe;
    balance_low: Maybe;
    balance_high: Maybe;
  };
  settling: {
    half_decay_s: { a: Maybe; b: Maybe; pair: Maybe };
    low_s: Maybe;
    high_s: Maybe;
    usual_s: Maybe;
    state: "not_enough_data" | "no_reference" | "faster" | "as_usual" | "slower";
  };
  recovery: ByPartner<{ half_s: Maybe; low_s: Maybe; high_s: Maybe; episodes: Maybe }>;
  index: {
    value: Maybe;
    low: Maybe;
    high: Maybe;
    state: "locked" | "undecided" | "shown";
    reason: string | null;
  };
  reference: { known_s: ByPartner<number>; needed_s: number };
  breathing: { z: Maybe; locked: boolean };
  speech_known: boolean;
  flags: string[];
  words: {
    headline: string;
    text: string;
    strength: string | null;
    held: string | null;
    lead: string | null;
    settling: string;
    recovery: string | null;
    index: string | null;
    flags: string[];
  };
}

/** Linkage at one moment of the session. */
export interface Point {
  t_s: number;
  r: Maybe;
  chance_r: Maybe;
  state: LinkageState;
}

export interface Connection {
  type: "connection";
  seq: number;
  t_s: number;
  points: Point[];
}

export type RunMessage =
  | Hello
  | Tick
  | Linkage
  | Connection
  | Col
  | Quality
  | Mark
  | Speech
  | Gap
  | RunState;
export type Message = RunMessage | Pong | Saved | Refusal;

export type Request =
  | { type: "ping"; id: number }
  | { type: "mark"; id: number; label: string; at_s: Maybe }
  | { type: "speech"; partner: Partner; on: boolean; at_s: Maybe }
  | { type: "stop" }
  | { type: "play" }
  | { type: "pause" }
  | { type: "jump"; t_s: number }
  | { type: "rate"; rate: number };

export interface SessionEntry {
  id: string;
  kind: "recorded" | "simulated";
  hearts: Hearts | null;
  started_utc: string | null;
  duration_s: Maybe;
  labels: ByPartner<string> | null;
  state: "recording" | "complete" | "unexpected_end" | "unreadable";
  run: string | null;
  error: string | null;
  size_bytes: number;
}

export interface SessionList {
  version: string;
  folder: string;
  sessions: SessionEntry[];
}

/** What is wrong with a signal at this moment. */
export type Trouble = "link" | "silent" | "contact" | "pulse" | "rr" | "wild";

export interface FoundStrap {
  id: string;
  name: string;
  model: string;
  signal: "strong" | "medium" | "weak" | null;
  rssi_dbm: Maybe;
  held: boolean;
  rr: "yes" | "no" | "unknown";
  remark: string | null;
}

export interface Check {
  name: string;
  state: "waiting" | "ok" | "warning" | "problem";
  text: string;
}

/** What some straps can send beside the times between beats. */
export type RawSignal = "ecg" | "acceleration";

export interface FittedStrap {
  id: string;
  name: string;
  model: string;
  link: { state: LinkState; reason: string };
  trouble: Trouble | null;
  remedy: string | null;
  hr_bpm: Maybe;
  contact: boolean | null;
  rr_seen: boolean;
  raw: RawSignal[];
  battery_percent: Maybe;
  trace: { ago_s: number[]; bpm: number[] };
  identified?: "lifted" | "inferred" | "skipped" | null;
  checks?: Check[];
}

/** What pairing and calibration have in common. */
export interface Fitting {
  problem: string | null;
  scanning: boolean;
  virtual: boolean;
  /** The run of a session that is being recorded meanwhile. */
  recording: string | null;
  found: FoundStrap[];
  remembered: ByPartner<string | null>;
  partners: ByPartner<FittedStrap> | null;
}

export interface Pairing extends Fitting {
  step: "find" | "identify" | "check" | "ready";
  labels: ByPartner<string>;
  identity: {
    asked: Partner | null;
    state: "settling" | "lift" | "unnoticed" | "done";
    happened: "same" | "swapped" | "again" | "both" | null;
    swapped: boolean;
  } | null;
  pair_checks: Check[];
  check_s: number;
  check_needed_s: number;
  warning: string | null;
  can_start: "no" | "anyway" | "yes";
}

export interface Calibration extends Fitting {
  /** Names of virtual straps that one person wears. */
  shared_hearts: string[][];
  step: "find" | "listen" | "result";
  clean_s: number;
  needed_s: number;
  result: {
    offset_ms: Maybe;
    sigma_ms: Maybe;
    matched: number;
    reason: string | null;
  } | null;
  accepted: boolean;
}

export interface StoredCalibration {
  a: { name: string; model: string };
  b: { name: string; model: string };
  offset_ms: number;
  sigma_ms: number;
  matched: number;
  measured_utc: string;
}

export interface Straps {
  bluetooth_problem: string | null;
  virtual: boolean;
  labels: ByPartner<string> | null;
  remembered: ByPartner<{ name: string; model: string } | null>;
  calibrations: StoredCalibration[];
}

/** Two columns of one length: instants in seconds and values, null where nothing is known. */
export interface Series {
  t: number[];
  v: Maybe[];
}

/** What a drawing needs to know of time: the right edge, the span, and how it is told. */
export interface View {
  from_s: number;
  now_s: number;
  window_s: number;
  mode: "live" | "replay";
}

export interface PlotlyCalls {
  newPlot(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  update(element: HTMLElement, data: object, layout: object, traces: number[]): Promise<unknown>;
  relayout(element: HTMLElement, layout: object): Promise<unknown>;
  restyle(element: HTMLElement, data: object, traces: number[]): Promise<unknown>;
}

declare global {
  interface Window {
    Plotly?: PlotlyCalls;
  }
}
