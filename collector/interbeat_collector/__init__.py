"""From straps, files or simulation to packets, and from packets to beats on one clock."""
