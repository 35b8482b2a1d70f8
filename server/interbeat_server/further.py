"""What neurokit2 computes further of a heart, for those who ask for it.

Only families whose functions were not found wrong are called: its `hrv_frequency`, its Lomb, its
`tarvainen2002`, its TINN (part of `hrv_time`) and its correction of beats are not.

FurtherError    neurokit2 is not installed; the text is for the user
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .messages import number

OWN = ("SD1", "SD2", "SampEn", "DFA_alpha1")
"""What interbeat computes itself, to a definition that it names."""
MIN_BEATS = 100
"""With fewer, some of its entropies fail."""


class FurtherError(Exception):
    """The further indices cannot be computed here."""


def check_installed() -> None:
    """Say so before the work begins, and not after it."""
    from importlib.util import find_spec

    if find_spec("neurokit2") is None:
        raise FurtherError(
            "--full and --ecg need neurokit2, which is not installed: pip install neurokit2"
        )


def further_indices(beat_t_s: np.ndarray, nn_s: np.ndarray) -> dict[str, Any]:
    """Nonlinear indices of the intervals that are left, under neurokit2's own names."""
    check_installed()
    import neurokit2

    kept = ~np.isnan(nn_s)
    document: dict[str, Any] = {
        "version": neurokit2.__version__,
        "remark": "as neurokit2 computes them; interbeat has not checked them",
        "reason": None,
        "indices": {},
    }
    if kept.sum() < MIN_BEATS:
        document["reason"] = f"{kept.sum()} beats, {MIN_BEATS} needed"
        return document
    intervals = {"RRI": 1000.0 * nn_s[kept], "RRI_Time": beat_t_s[kept]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of short series on every figure they lack
        table = neurokit2.hrv_nonlinear(intervals, sampling_rate=1000)
    for column in table.columns:
        name = column.removeprefix("HRV_")
        if name not in OWN:
            document["indices"][name] = number(float(table[column].iloc[0]))
    return document
