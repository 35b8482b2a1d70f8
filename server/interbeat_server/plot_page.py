"""One page with pictures of an analysis: the lag profile, linkage over time, the lag-time map.

The page holds its data and the chart library, so it opens anywhere without a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from interbeat_analysis.arousal import FS_HZ
from interbeat_analysis.coregulation import MIN_JOINT_S
from interbeat_analysis.dyad import measured, series
from interbeat_analysis.linkage import LINKED_P, chance_height
from interbeat_collector.events import PARTNERS, Partner

from . import words
from .columns import rarity
from .messages import number
from .synchrony_document import correlation
from .together import Judged
from .together_table import judged_lines, together_lines

TRAILING_S = 1200.0
"""Linkage over time looks back so far, as the live page does."""
EVERY_S = 30.0
MOST_COLUMNS = 2400
A_LINE, B_LINE, INK, PALE = "#0072b2", "#d55e00", "#464c54", "rgba(100,107,116,.22)"
HEADS = {
    "profile": "Linkage by lag",
    "over-time": "Linkage over the session",
    "bands": "Both hearts",
    "map": "Windowed synchrony by lag",
}
MAP = [[0.0, "#762a83"], [0.25, "#c2a5cf"], [0.5, "#f7f7f7"], [0.75, "#a6dba0"], [1.0, "#1b7837"]]

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  color: #15181c; background: #fff }}
figure {{ margin: 0 0 2rem }}
figcaption, p {{ color: #464c54; max-width: 46rem }}
pre {{ white-space: pre-wrap; font-size: 14px; color: #15181c }}
.chart {{ height: 20rem }}
</style>
<script>{library}</script>
</head>
<body>
<h1>{title}</h1>
{figures}
<h2>Figures</h2>
<pre>{table}</pre>
<p>{says_not}</p>
<script>
const charts = {charts};
const config = {{ displaylogo: false, responsive: true, showSendToCloud: false,
  plotlyServerURL: "", modeBarButtonsToRemove: ["sendDataToCloud"] }};
for (const [id, chart] of Object.entries(charts))
  Plotly.newPlot(id, chart.data, chart.layout, config);
</script>
</body>
</html>
"""

Chart = dict[str, Any]


def plot_page(
    title: str,
    names: Mapping[Partner, str],
    document: Mapping[str, Any],
    found: Sequence[Judged],
) -> str:
    """The page of one recording, or of several of the same two people.

    `document` has the figures that the pictures belong to: of the recording, or pooled.
    """
    charts: dict[str, tuple[Chart, str]] = {}
    if document["linkage"]["correlogram"] is not None:
        charts["profile"] = _profile(names, document["linkage"], found)
    if len(found) == 1:
        over_time = _over_time(found[0])
        if over_time is not None:
            charts["over-time"] = over_time
        charts["bands"] = _bands(names, found[0])
        charts["map"] = _map(names, found[0])
    lines = together_lines if "synchrony" in document else judged_lines
    figures = [
        f"<h2>{HEADS[name]}</h2>"
        f'<figure><div class="chart" id="{name}" role="img" aria-label="{escape(text)}"></div>'
        f"<figcaption>{escape(text)}</figcaption></figure>"
        for name, (_, text) in charts.items()
    ]
    drawn = json.dumps({name: chart for name, (chart, _) in charts.items()}, allow_nan=False)
    return _PAGE.format(
        title=escape(f"interbeat: {title}"),
        library=_library(),
        figures="\n".join(figures),
        table=escape("\n".join(lines(dict(document), names))),
        says_not=escape(words.SAYS_NOT),
        charts=drawn.replace("</", "<\\/"),
    )


def _profile(
    names: Mapping[Partner, str], linkage: Mapping[str, Any], found: Sequence[Judged]
) -> tuple[Chart, str]:
    lag_s = linkage["correlogram"]["lag_s"]
    band = linkage["chance_band"]
    traces = [
        _line(lag_s, [number(r, 4) for r in each.dyad.correlogram.r], PALE, f"session {at}")
        for at, each in enumerate(found, 1)
        if len(found) > 1
    ]
    traces.append(_line(lag_s, linkage["correlogram"]["r"], INK, "r"))
    layout = _layout(_lag_title(names, "Lag"), "Correlation of the arousal bands")
    layout["shapes"] = [_band(band)]
    text = (
        f"r {linkage['r']:.2f}, {rarity(linkage['p'])}, from {linkage['joint_s'] / 60:.0f} min "
        f"together. Nine of ten chance pairings lie in the grey band at any one lag. "
        f"Chance: {linkage['null']}."
    )
    return {"data": traces, "layout": layout}, text


def _over_time(found: Judged) -> tuple[Chart, str] | None:
    """Linkage of the last 20 minutes at every half minute; None before the first figure."""
    end_s = found.both.hr_bpm.shape[-1] / FS_HZ
    at_s, r, chance = [], [], []
    for now_s in np.arange(MIN_JOINT_S, end_s + 1e-9, EVERY_S):
        first_s = max(now_s - TRAILING_S, 0.0)
        part = found.both.hr_bpm[:, int(first_s * FS_HZ) : int(now_s * FS_HZ)]
        start_s = found.both.start_s + first_s
        judged = measured(series(part, FS_HZ, turns_s=found.turns_s, start_s=start_s))
        at_s.append((found.both.start_s + now_s) / 60.0)
        r.append(number(judged.linkage.r, 4))
        known = judged.state in ("no_linkage", "linked")
        reached = min(chance_height(judged.correlogram, LINKED_P), 1.0) if known else None
        chance.append(number(reached, 4))
    if not any(value is not None for value in r):
        return None
    traces = [
        {**_line(at_s, chance, PALE, "chance reaches so far in one of twenty"), "fill": "tozeroy"},
        _line(at_s, r, INK, "r, highest within 15 s"),
    ]
    text = (
        "Linkage of the last 20 minutes, every half minute, as on the live page: beyond chance is "
        "what leaves the grey. Neighbouring values share almost all their data, so a rise takes "
        "ten minutes to show and no single moment can be read from it."
    )
    return {"data": traces, "layout": _layout("Minutes", "r")}, text


def _bands(names: Mapping[Partner, str], found: Judged) -> tuple[Chart, str]:
    n = found.band_bpm.shape[-1]
    step = max(1, -(-n // MOST_COLUMNS))
    at = ((found.both.start_s + np.arange(0, n, step)) / 60.0).round(4).tolist()
    traces = [
        _line(at, [number(x, 3) for x in band[::step]], colour, names[p])
        for p, band, colour in zip(PARTNERS, found.band_bpm, (A_LINE, B_LINE), strict=True)
    ]
    removed = " Speaking was taken out." if found.dyad.speech_known else ""
    text = (
        "Slow rise and fall of both heart rates around their own baselines (arousal band, "
        f"0.0041 to 0.044 Hz).{removed}"
    )
    return {"data": traces, "layout": _layout("Minutes", "bpm from baseline")}, text


def _map(names: Mapping[Partner, str], found: Judged) -> tuple[Chart, str]:
    wcc = correlation(found.both)
    step = max(1, -(-len(wcc.t_s) // MOST_COLUMNS))
    surface = {
        "type": "heatmap",
        "x": (wcc.t_s[::step] / 60.0).round(4).tolist(),
        "y": wcc.lag_s.tolist(),
        "z": [[number(r, 2) for r in row] for row in wcc.r[::step].T],
        "zmin": -1,
        "zmax": 1,
        "colorscale": MAP,
        "colorbar": {"title": {"text": "r"}},
    }
    text = (
        "Windowed synchrony: correlation in 30 s windows by lag, purple against each other, green "
        "alike. Two strangers give such a map with as many strong colours; only the comparison "
        "with chance below tells whether there is more."
    )
    layout = _layout("Minutes", _lag_title(names, "Lag"))
    return {"data": [surface], "layout": layout}, text


def _line(x: Sequence[Any], y: Sequence[Any], colour: str, name: str) -> Chart:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "name": name,
        "line": {"color": colour, "width": 1.5},
    }


def _layout(x_title: str, y_title: str) -> Chart:
    axis = {"zeroline": True, "zerolinecolor": "#c4c7cb", "gridcolor": "#ecece9"}
    return {
        "margin": {"l": 60, "r": 20, "t": 10, "b": 50},
        "xaxis": {**axis, "title": {"text": x_title}},
        "yaxis": {**axis, "title": {"text": y_title}},
        "legend": {"orientation": "h", "y": 1.1},
        "paper_bgcolor": "#fff",
        "plot_bgcolor": "#fff",
    }


def _band(height: float) -> Chart:
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": -height,
        "y1": height,
        "fillcolor": PALE,
        "line": {"width": 0},
        "layer": "below",
    }


def _lag_title(names: Mapping[Partner, str], what: str) -> str:
    first_b, first_a = escape(f"{names['b']} first"), escape(f"{names['a']} first")
    return f"← {first_b}   {what} (s)   {first_a} →"


def _library() -> str:
    """The chart library as text; found without importing its package, which takes seconds."""
    spec = find_spec("plotly")
    locations = spec.submodule_search_locations if spec else None
    assert locations
    script = Path(locations[0]) / "package_data" / "plotly.min.js"
    return script.read_text("utf-8").replace("</script", "<\\/script")
