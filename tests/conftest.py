"""Hypothesis profiles: the same inputs on every run, more of them on the build server."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("dev", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")

collect_ignore = ["codec/pyiso8583_shim.py"]  # it puts itself in the place of pyiso8583
