"""Fixtures of the unit tests."""

from __future__ import annotations

from fd_leaks import no_leaked_fds  # noqa: F401  # of every test
