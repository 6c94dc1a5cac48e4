"""Fixtures of the tests of maps."""

from __future__ import annotations

from map_probes import backend, live, probe  # noqa: F401  # fixtures
