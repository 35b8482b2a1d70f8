"""What `interbeat analyze` is given: sessions, RR lists, speaking turns, references."""

from __future__ import annotations

import argparse
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import refuse
from .errors import UserError
from .sessions import session_path

if TYPE_CHECKING:
    from interbeat_analysis.settling import Reference
    from interbeat_collector.events import Partner
    from interbeat_collector.session_file import Recording

    from ..recorded import Material

RR_NAMES: tuple[tuple[Partner, str], ...] = (("a", "rr_a"), ("b", "rr_b"))


def recordings_of(options: argparse.Namespace) -> list[Recording]:
    """The sessions that are named, each person in the role of the first session."""
    from interbeat_collector.session_file import read_session

    from ..people import of_one_couple

    refuse(options, "--offset-s sets apart two RR files", "offset_s")
    paths = [session_path(name, options.data_dir) for name in options.files]
    twice = {str(path) for path in paths if paths.count(path) > 1}
    if twice:
        raise UserError(f"{twice.pop()} is named twice. Name each session once.")
    return of_one_couple([read_session(path) for path in paths])


def rr_material(options: argparse.Namespace) -> tuple[Material, dict[Partner, str]]:
    """Two RR lists, or one, and what they are called."""
    from interbeat_collector.rr_file import read_rr

    from ..recorded import heart_of_rr, material_of_rr

    if not options.rr_a:
        raise UserError("Nothing to analyse: give a session file, or --rr-a FILE and --rr-b FILE.")
    if options.ecg:
        raise UserError("--ecg is for sessions; RR files hold none. Leave it out here.")
    given = {p: Path(getattr(options, name)) for p, name in RR_NAMES if getattr(options, name)}
    opening_s: dict[Partner, float] = {"a": 0.0, "b": options.offset_s or 0.0}
    hearts = {p: heart_of_rr(read_rr(path), opening_s[p]) for p, path in given.items()}
    return material_of_rr(hearts), {p: path.name for p, path in given.items()}


def with_speech(options: argparse.Namespace, material: Material) -> Material:
    """The speaking turns of the files that are named, instead of what the session holds."""
    import numpy as np

    from interbeat_collector.speech_file import read_speech

    from ..together import end_s as last_s

    given = [options.speech_a, options.speech_b]
    if not any(given):
        return material
    if not all(given):
        raise UserError(
            "Give --speech-a and --speech-b: with the turns of one partner alone the other "
            "would count as silent. A file with only a head line says that nobody spoke."
        )
    if len(material.hearts) < 2:
        raise UserError("Speaking turns are for two hearts. Leave --speech-a and --speech-b out.")
    end_s = material.duration_s
    if material.session is None:  # RR lists are on the time of A, and B's may begin before
        end_s = max((last_s(heart) for heart in material.hearts.values()), default=0.0)
    a, b = (np.reshape(np.array(read_speech(name, end_s)), (-1, 2)) for name in given)
    return material._replace(turns_s=(a, b), talk=len(a) + len(b) > 0)


def reference_paths(options: argparse.Namespace) -> tuple[Path, ...]:
    """The sessions that show how people usually settle."""
    paths = [session_path(name, options.data_dir) for name in options.reference or ()]
    analysed = {session_path(name, options.data_dir) for name in options.files}
    if same := analysed & set(paths):
        raise UserError(
            f"{same.pop()} is both analysed and its own reference. Name other sessions."
        )
    return tuple(paths)


@lru_cache(maxsize=1)
def reference_recordings(paths: tuple[Path, ...]) -> list[Recording]:
    """The same, read once for however many sessions."""
    from interbeat_collector.session_file import read_session

    return [read_session(path) for path in paths]


def references(
    recordings: list[Recording], material: Material
) -> tuple[Reference, Reference] | None:
    """How each of the two usually settles: from sessions, else what the session was judged by."""
    from ..people import in_header, personal_references

    speech_known = material.turns_s is not None
    if not recordings:
        return in_header(material.session, speech_known=speech_known)
    if len(material.hearts) < 2:
        raise UserError("--reference is for two hearts. Leave it out here.")
    return personal_references(recordings, material.session, speech_known=speech_known)
