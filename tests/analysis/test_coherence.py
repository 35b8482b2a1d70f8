from __future__ import annotations

import numpy as np
import pytest

from interbeat_analysis.coherence import coherence
from references import assert_equal, dyad, reference


def test_the_whole_equals_scipy() -> None:
    expected = reference("scipy_coherence")
    found = coherence(*dyad(), 4.0)
    np.testing.assert_allclose(found.f_hz, expected["f"])
    assert_equal("scipy, coherence", found.coherence[0], expected["Cxy"])
    # scipy's cross spectrum is of b beside a: its phase is b's minus a's.
    turned = found.lead_rad[0] + np.array(expected["csd_phase_rad"])
    np.testing.assert_allclose(np.exp(1j * turned), 1.0, rtol=0, atol=1e-9)
    assert found.t_s == 300.0
    assert found.segments == 17


def test_windows_equal_multisyncpy() -> None:
    expected = reference("multisyncpy")["coherence_windowed"]
    found = coherence(*dyad(), 4.0, window_s=300.0, hop_s=30.0)
    means = found.coherence.mean(axis=-1)
    assert_equal("multiSyncPy, coherence in windows", means, expected["values"])
    np.testing.assert_array_equal(found.t_s, 150.0 + 30.0 * np.arange(11))


def test_swapping_turns_the_phase_and_a_follower_is_behind() -> None:
    source = np.convolve(np.random.default_rng(1).standard_normal(2404), np.ones(4), "same")
    a, b = source[4:], source[:-4]
    forth, back = coherence(a, b, 4.0), coherence(b, a, 4.0)
    np.testing.assert_allclose(forth.coherence, back.coherence)
    np.testing.assert_allclose(forth.lead_rad[:, 1:-1], -back.lead_rad[:, 1:-1])
    low = (forth.f_hz > 0.05) & (forth.f_hz < 0.3)
    np.testing.assert_allclose(forth.lead_rad[0, low], 2 * np.pi * forth.f_hz[low], atol=0.2)


def test_a_segment_with_a_gap_is_left_out() -> None:
    a, b = dyad()
    a[1000] = np.nan
    found = coherence(a, b, 4.0)
    assert found.segments == 15
    assert np.isfinite(found.coherence[:, 1:]).all()
    assert np.isnan(coherence(a * np.nan, b, 4.0).coherence).all()
    assert np.isnan(coherence(a[900:1200], b[900:1200], 4.0).coherence).all()
    assert coherence(a[:100], b[:100], 4.0).coherence.shape == (0, 129)


def test_a_window_needs_80_percent_of_its_segments() -> None:
    a, b = dyad()
    # Each of the two spoils two of seventeen segments, and 80 % are 13.6.
    a[[300, 1000]] = np.nan
    assert coherence(a, b, 4.0).segments == 13
    assert np.isnan(coherence(a, b, 4.0).coherence).all()
    assert np.isfinite(coherence(a, b, 4.0, min_valid=0.75).coherence[:, 1:]).all()


def test_windows_are_stamped_on_the_session_clock() -> None:
    found = coherence(*dyad(), 4.0, window_s=200.0, hop_s=100.0, start_s=50.0)
    np.testing.assert_array_equal(found.t_s, 150.0 + 100.0 * np.arange(5))


def test_a_wrong_call_is_refused() -> None:
    with pytest.raises(ValueError, match=r"window_s = 60\.0 s must be at least 64 s"):
        coherence(*dyad(), 4.0, window_s=60.0)
