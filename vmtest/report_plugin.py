"""A pytest plugin of the guest: one line of JSON for each test, to the file that EBEE_VMTEST_REPORT names."""

from __future__ import annotations

import json
import os

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Reporter(os.environ["EBEE_VMTEST_REPORT"]))


class Reporter:
    """Writes the outcome of each test when it is known. A test has up to three reports; the first bad one counts."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seconds: dict[str, float] = {}
        self.bad: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0.0) + report.duration
        if not report.passed:
            self.bad.setdefault(name, (report.outcome, _reason(report)))
        if report.when == "teardown":
            outcome, reason = self.bad.get(name, ("passed", ""))
            line = {
                "test": name, "outcome": outcome, "reason": reason, "vm": "vm" in report.keywords,
                "seconds": round(self.seconds[name], 2),
            }  # fmt: skip
            with open(self.path, "a") as out:
                print(json.dumps(line), file=out)


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):  # a skip: file, line, reason
        return report.longrepr[2].removeprefix("Skipped: ")
    return report.longreprtext.rstrip().rsplit("\n", 1)[-1]
