"""The one place that knows both: live engine, HTTP, WebSocket and command line."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("interbeat")
except PackageNotFoundError:
    __version__ = "unreleased"  # run from a bare checkout
