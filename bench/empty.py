"""Run a command with ebee imported and nothing attached: what is left when probes are not."""

from __future__ import annotations

import subprocess
import sys

import ebee

_ = ebee.Session
subprocess.run(sys.argv[1:], check=True)
