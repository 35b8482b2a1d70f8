"""The frames of Polar's measurement data that a virtual strap has ready, for a known body."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from . import polar
from .virtual_body import Body

ACC_SAMPLES_IN_FRAME = 36
MOST_WAITING = 4
"""Frames a pod keeps while nobody takes them; older ones are gone."""


class Frames:
    """One measurement from the moment it was begun."""

    def __init__(self, kind: polar.Kind, body: Body, begin_s: float, rate_hz: float) -> None:
        self._kind = kind
        self._body = body
        self._begin_s = begin_s
        self._rate_hz = rate_hz
        self._size = polar.ECG_SAMPLES_IN_FRAME if kind == "ecg" else ACC_SAMPLES_IN_FRAME
        self._done = 0

    def due(self, now_s: float) -> Iterator[bytes]:
        """Every frame whose last sample has been taken, stamped with that sample's moment."""
        measured = math.floor((now_s - self._begin_s) * self._rate_hz) + 1
        whole = measured // self._size
        self._done = max(self._done, whole - MOST_WAITING)
        while self._done < whole:
            samples = np.arange(self._done * self._size, (self._done + 1) * self._size)
            t_s = self._begin_s + samples / self._rate_hz
            self._done += 1
            values = self._values(t_s)
            yield polar.encode_frame(self._kind, round(float(t_s[-1]) * 1e9), values)

    def _values(self, t_s: np.ndarray) -> np.ndarray:
        if self._kind == "ecg":
            return self._body.ecg_uv(t_s)
        return self._body.acceleration_mg(t_s)
