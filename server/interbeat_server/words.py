"""What each measure means, in the words of a couple, of a clinician, and of a methods section.

Sentences only: which of them is said is decided by the states that `interbeat_analysis.dyad` gives.
Nothing here praises synchrony, blames anyone, or names an illness.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Meaning(NamedTuple):
    """One measure, told to three readers."""

    name: str
    couple: str
    clinician: str
    methods: str


MEANINGS: dict[str, Meaning] = {
    "synchrony": Meaning(
        "Windowed synchrony",
        "Whether your heart rates moved alike within half a minute, more than chance has it. "
        "Talking in turns, laughing and breathing all show in it.",
        "Likeness of both heart rates in 30 s windows, at lags to 5 s: the field's usual measure, "
        "for moments and for comparison with the literature. Strangers show much of it, so it is "
        "read beside chance only.",
        "Windowed synchrony was the mean of |Fisher's z| of the cross-correlation of both heart "
        "rates (4 Hz) in 30 s windows every 1 s at lags up to ±5 s, compared with that at all "
        "circular shifts of one series; p is the share of shifts with at least as large a mean.",
    ),
    "linkage": Meaning(
        "Connection",
        "Whether your two hearts rose and settled together more than two unrelated recordings do. "
        "Either answer is common, and neither is good or bad by itself.",
        "In-phase linkage of slow heart rate (cycles of 23 s to 4 min) beyond within-dyad chance. "
        "Warm talk, a shared film, breathing in step and a quarrel can all raise it; what was "
        "going on decides what it means.",
        "Linkage was the highest cross-correlation within ±15 s of both partners' arousal bands "
        "(heart rate smoothed with a 3 s Gaussian, less a twice-applied 75 s Gaussian baseline; "
        "0.0041 to 0.044 Hz at −3 dB; 1 Hz), tested against all circular shifts beyond 45 s and "
        "all shifts of one partner against the other reversed in time, with Davies' bound for "
        "the maximum over lags.",
    ),
    "lead": Meaning(
        "Balance",
        "Whether changes were seen in one of you first. A heart that reacts faster comes first "
        "by itself, so this does not tell who moved whom.",
        "Lean of the correlogram to positive or negative lags. Confounded with how fast each "
        "heart responds; not dominance, and never pooled over sessions.",
        "Lead was the mean correlation at lags of 1 to 15 s minus that at −15 to −1 s, in units "
        "of its deviation over the same surrogates and shrunk towards balance (James–Stein); who "
        "came first was reported only with linkage at p ≤ .05, |z| > 2.58 and at least 20 min.",
    ),
    "own_share": Meaning(
        "Own rhythm",
        "How much of the rise and fall of your heart was your own.",
        "Share of slow heart-rate variance that is not shared with the partner. A high share is "
        "usual and no sign of distance.",
        "Own share was 1 − r², r being the linkage less its expected chance part, with a 90 % "
        "range from that r less, and the linkage plus, 1.645 of its chance deviations.",
    ),
    "settling": Meaning(
        "Settling",
        "Whether in this talk you two came back to calm as quickly as you usually do.",
        "Inertia of slow heart rate beside each partner's own talk-matched reference. Faster "
        "than usual together with linkage fits coregulation, slower fits mutual stirring; both "
        "are descriptions, and posture, illness and fitness matter too.",
        "Settling was ln(T_ref / T), T being the geometric mean of both partners' lags at which "
        "the autocorrelation of the arousal band falls to .5, and T_ref the same from at least "
        "40 min of each partner's talk without the other's influence.",
    ),
    "recovery": Meaning(
        "Recovery",
        "After a rise, how long it usually took until half of it was gone.",
        "Median time to half-recovery over rises. Single rises are found and timed roughly; "
        "read it over several sessions.",
        "Rises were local maxima above 1.5 robust SD, at least 20 s apart; time to half height "
        "was censored at the next rise or 90 s and summarised by the Kaplan–Meier median with its "
        "90 % range (Brookmeyer and Crowley).",
    ),
    "influence": Meaning(
        "Influence",
        "A detail for professionals: whether one of you could be read from where the other was "
        "a few seconds before.",
        "Inertia and cross-lagged influence of heart rate in 4 s steps. Needs speaking turns: "
        "taking turns alone produces it.",
        "Influence was the sum of three cross-lagged coefficients (4 s bins, own past "
        "controlled) over its standard error, held against 40 circular shifts.",
    ),
    "vagal": Meaning(
        "Breathing depth",
        "A detail for professionals: whether the breathing in your two hearts deepened and "
        "flattened together.",
        "Linkage of ln RSA, from 15 minutes on. Too unreliable in one session; pool at least "
        "three.",
        "Vagal co-modulation was the linkage of half the log power of heart rate at 0.12 to "
        "0.45 Hz, smoothed with 10 s, less its baseline.",
    ),
    "breathing": Meaning(
        "Breathing check",
        "Whether you breathed in step. That alone can connect two heart rhythms.",
        "Whether a respiratory confound is present.",
        "Breathing was called in step when the largest absolute cross-correlation of heart rate "
        "at 0.12 to 0.45 Hz within ±5 s exceeded that at shifts beyond 60 s by 3 SD.",
    ),
    "index": Meaning(
        "Co-regulation index",
        "One number for both: connected, and settling faster (above 50) or slower (below 50) "
        "than you usually do. 50 says nothing beyond chance. It compares you with yourselves "
        "only.",
        "Composite of linkage and relative settling. 50 is indistinguishable from chance, the "
        "range is wide, and one talk is no basis for a judgement; three to five are better.",
        "The index was 50 + 50·c·d·(balance·own if d > 0), c = min(1, r_adj / .40), "
        "own = min(1, 2(1 − r_adj²)), d = 2Φ(z_T) − 1, with a 90 % range from 400 parametric "
        "draws of a fixed seed that holds 50 unless linkage is at p ≤ .05.",
    ),
}

HEADLINES: dict[str, str] = {
    "not_enough_data": "Not enough clean data yet",
    "same_source": "Both signals look the same. Check the straps.",
    "none": "No linkage beyond chance found",
    "some": "Some evidence",
    "clear": "Clear evidence",
}
"""By state, and by evidence where there is any to weigh."""
OWN_STRAPS = "Check that each of you wears your own strap."
LINKAGE_STATES: dict[str, str] = {
    "not_enough_data": "Not enough clean data yet: 8 minutes together are needed.",
    "same_source": f"Both signals look the same. {OWN_STRAPS}",
    "no_linkage": "Your hearts kept their own rhythms here. That is common, and neither good nor "
    "bad.",
    "linked": "Your hearts rose and settled together more than two unrelated recordings would.",
}
EVIDENCE: dict[str, str] = {
    "none": "no linkage beyond chance found",
    "some": "some evidence of linkage",
    "clear": "clear evidence of linkage",
}
SHARED_OR_LINKED = (
    "Shared or linked: hearts alone cannot tell whether you moved each other, or whether something "
    "else moved you both."
)
LEAD_CLAIMS: dict[str | None, str] = {
    None: "Neither of you was clearly seen first.",
    "a": "Changes were seen in A first; a faster-reacting heart can cause this too.",
    "b": "Changes were seen in B first; a faster-reacting heart can cause this too.",
}
SETTLING_STATES: dict[str, str] = {
    "not_enough_data": "Not enough clean data yet to say how quickly you settle.",
    "no_reference": "How quickly you usually settle is not known yet, so there is nothing to "
    "compare with.",
    "faster": "In this talk you two came back to calm faster than usual.",
    "as_usual": "In this talk you two came back to calm about as quickly as usual, as far as one "
    "talk can tell.",
    "slower": "In this talk you two came back to calm more slowly than usual.",
}
INDEX_REASONS: dict[str, str] = {
    "not_enough_data": "The index needs 8 clean minutes together that are three quarters of the "
    "recording.",
    "same_source": "There is no index while both signals look the same.",
    "no_reference": "The index needs to know how each of you usually settles: about 40 minutes "
    "of talk without the other's influence, from each.",
    "reference_too_short": "The reference is too short: about 40 clean minutes of each partner "
    "are needed.",
    "reference_not_matched": "The reference is of another kind. Talk is compared with talk, "
    "silence with silence, and speaking turns must be known in both or in neither.",
    "no_half_decay": "One heart rate did not fall back far enough to tell how quickly it settles.",
    "range_holds_50": "Undecided: the range holds 50, which is nothing beyond chance.",
}
INDEX_ABOVE = "Above 50: connected, and settling faster than usual."
INDEX_BELOW = "Below 50: connected, and settling more slowly than usual."
ONE_TALK = "One talk is a hint; three to five say more."
FLAGS: dict[str, str] = {
    "same_source": "Both straps seem to hear the same heart.",
    "too_many_artifacts": "Many beats had to be left out; take what is said here with care.",
    "locked_breathing": "You were breathing in step. That alone can connect two heart rhythms.",
    "speech_unknown": "Who spoke when is not known. Speaking moves the heart rate, so taking turns "
    "can look like connection or hide it, and movement in opposite directions is not judged.",
    "shared_or_linked": SHARED_OR_LINKED,
}
SPEECH_REMOVED = "Each partner's own speaking was taken out of the heart rates first."
SAYS_NOT = (
    "interbeat describes how two heart rhythms moved in this recording. It makes no diagnosis, "
    "measures neither love nor how well two people fit, and cannot tell who caused what. Much "
    "connection can come from a film, from breathing together or from a quarrel; little of it is "
    "common in good talk. Compare only with your own earlier recordings."
)


def beyond_chance(p: float) -> str:
    """How rare a linkage is among chance pairings of the same two recordings."""
    share = min(100.0 * (1.0 - p), 99.9)
    return f"stronger than in {share:.3g} % of chance pairings of the same two recordings"


def gathered(joint_s: float, needed_s: float, clean_share: float) -> str:
    """How far the first figure is."""
    minutes, needed = int(joint_s // 60), round(needed_s / 60)
    if joint_s >= needed_s:
        return (
            f"{100 * clean_share:.0f} % of the time is clean in both; three quarters are needed. "
            "No joint number is shown before that."
        )
    share = f", {100 * clean_share:.0f} % of the time so far" if joint_s >= 30.0 else ""
    return (
        f"{minutes} of {needed} minutes clean in both{share}. No joint number is shown before that."
    )


def held(name: str, reason: str) -> str:
    """Why gathering does not go on."""
    return f"Paused here: {name}, {reason}."


def lead_claim(claim: str | None, name: str) -> str:
    """Who was seen first, by name; None where nothing may be claimed."""
    return LEAD_CLAIMS[claim].replace(f"in {(claim or '').upper()} first", f"in {name} first")


def before_you_came(minutes: float, hearts: str) -> str:
    """What a demo with minutes behind it has to say of them."""
    played = "played by the same straps" if hearts == "recorded" else "simulated"
    return (
        f"These are two {hearts} hearts; the first {minutes:g} minutes were {played} before you "
        "came."
    )


RECOVERY_WHILE: dict[str, str] = {
    "other_calm": "while the other was calmer than usual",
    "other_up": "while the other was up, too",
}


def settling(state: str, sessions: int = 1) -> str:
    """How the two settled, in one talk or in several."""
    told = SETTLING_STATES[state]
    return told if sessions == 1 else told.replace("In this talk", "In these talks")


def index(value: float | None, reason: str | None) -> str | None:
    """What an index that is shown says, else why there is none to read; None where all is told."""
    if reason:
        return INDEX_REASONS[reason]
    if value is None:
        return None
    return INDEX_ABOVE if value > 50 else INDEX_BELOW


def recovery_range(low_s: float, high_s: float | None) -> str:
    """How sure a median recovery is; too few rises leave it open above."""
    if high_s is None:
        return f"90 % range from {low_s:.0f} s on."
    return f"90 % range {low_s:.0f} to {high_s:.0f} s."


def recoveries(known: Mapping[str, tuple[float, float, float | None]]) -> str:
    """The same of both by name: median, and the ends of its range."""
    told: list[str] = []
    for name, (half_s, low_s, high_s) in known.items():
        between = f"{low_s:.0f} s and more" if high_s is None else f"{low_s:.0f} to {high_s:.0f} s"
        back = "" if told else " to come half-way back"
        told.append(f"{name} about {half_s:.0f} s{back} ({between})")
    return f"After a rise, it usually took {', '.join(told)}."


def recovery_sentence(half_s: float) -> str:
    """What the median recovery says to a couple."""
    return f"After a rise, it usually took about {half_s:.0f} seconds to come half-way back."
