"""The one place that knows both: live engine, HTTP, WebSocket and command line."""
