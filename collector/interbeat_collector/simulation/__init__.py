"""Two simulated people: hearts with known truth, for the demo, the tests and validation.

Latent arousal drives each heart, one partner's arousal may move the other's, and an integral pulse
frequency modulator makes the beats. `dyad` runs without end, `sessions` simulates many at once.
"""

from .damage import Damage
from .dyad import SimulatedSession, dyad, sessions, spoken
from .settings import MAX_LAG_S, MAX_SEED, MODES, TURNS, DyadSettings, Mode, Turns

__all__ = [
    "MAX_LAG_S",
    "MAX_SEED",
    "MODES",
    "TURNS",
    "Damage",
    "DyadSettings",
    "Mode",
    "SimulatedSession",
    "Turns",
    "dyad",
    "sessions",
    "spoken",
]
