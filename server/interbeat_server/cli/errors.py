"""What a mistake is answered with."""

from __future__ import annotations

USAGE_ERROR = 2


class UserError(Exception):
    """A mistake of the caller or of the machine; the text is one line with the next step."""


def user_errors() -> tuple[type[Exception], ...]:
    """The errors whose text is one line for the user."""
    from interbeat_collector.radio import RadioError
    from interbeat_collector.rr_file import RRFileError
    from interbeat_collector.session_file import SessionFileError, SessionWriteError
    from interbeat_collector.speech_file import SpeechFileError

    from ..further import FurtherError
    from ..people import PeopleError
    from ..runs import RunError
    from ..serve import PortError
    from ..strap_book import StrapBookError

    return (
        *(UserError, RRFileError, SessionFileError, SessionWriteError, RunError, PortError),
        *(RadioError, SpeechFileError, StrapBookError, FurtherError, PeopleError),
    )
