"""What every test shares: markers that skip with their reason, expectation files, hypothesis profiles."""

from __future__ import annotations

import ctypes
import difflib
import errno
import functools
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import kernel_features
from fd_leaks import no_leaked_fds  # noqa: F401  # of every test

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"

# A shell's background job ignores these, and so would all that tests start.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# Fixed deadlines fail on a loaded machine and prove nothing. EBEE_EXAMPLES=20 looks twenty times as hard.
settings.register_profile(
    "ebee",
    deadline=None,
    derandomize=False,
    print_blob=True,
    max_examples=max(1, int(50 * float(os.environ.get("EBEE_EXAMPLES", "1")))),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ebee")


# Probes: each returns why the thing is missing, or "" when it is there. They ask the machine directly and not
# through ebee, so that a mistake in ebee fails a test instead of skipping it.

CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 21, 38, 39


@functools.cache
def kernel_missing() -> str:
    """Return why eBPF programs cannot be loaded here."""
    if sys.platform != "linux":
        return f"eBPF needs Linux, this is {sys.platform}"
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    held = {cap for cap in (CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF) if effective >> cap & 1}
    if not (CAP_SYS_ADMIN in held or {CAP_BPF, CAP_PERFMON} <= held):
        return "needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN"
    number = kernel_features.BPF_SYSCALL.get(platform.machine())
    if number is None:
        return f"the number of bpf(2) on {platform.machine()} is not known to the tests"
    # BPF_MAP_CREATE of an array: map_type, key_size, value_size, max_entries.
    attr = ctypes.create_string_buffer(struct.pack("=IIII", 2, 4, 4, 1), 128)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(number, 0, attr, 72)
    if fd < 0:
        return f"bpf(2) cannot make a map here: {os.strerror(ctypes.get_errno())}"
    os.close(fd)
    return ""


@functools.cache
def netns_missing() -> str:
    """Return why a network namespace cannot be made here."""
    clone_newnet = 0x40000000
    return _in_child("unshare(CLONE_NEWNET)", lambda libc: libc.unshare(clone_newnet))


@functools.cache
def ptrace_missing() -> str:
    """Return why a child of one's own cannot be traced here."""
    ptrace_traceme = 0
    return _in_child("ptrace(PTRACE_TRACEME)", lambda libc: libc.ptrace(ptrace_traceme, 0, 0, 0))


def _in_child(name: str, call) -> str:
    if sys.platform != "linux":
        return f"{name} needs Linux, this is {sys.platform}"
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if call(libc) == 0 else ctypes.get_errno() or errno.EIO)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        return ""
    return f"{name}: {os.strerror(code) if code > 0 else signal.Signals(-code).name}"


def _why_skip(mark: pytest.Mark) -> str:
    match mark.name:
        case "needs_kernel":
            return kernel_missing()
        case "needs_root":
            return "" if os.geteuid() == 0 else "needs to run as root"
        case "needs_user":
            return "" if os.geteuid() != 0 else "needs to run as an ordinary user"
        case "needs_netns":
            return netns_missing()
        case "needs_ptrace":
            return ptrace_missing()
        case "needs_tool":
            missing = [tool for tool in mark.args if shutil.which(tool) is None]
            return f"not installed: {', '.join(missing)}" if missing else ""
        case "needs_feature":
            return "; ".join(filter(None, map(kernel_features.missing, mark.args)))
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("needs_feature"):
            item.add_marker(pytest.mark.vm)
        reasons = dict.fromkeys(filter(None, map(_why_skip, item.iter_markers())))
        if reasons:
            item.add_marker(pytest.mark.skip(reason="; ".join(reasons)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say at once what failed: a run that is killed prints no summary."""
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = (crash.message if crash else report.longreprtext).strip().splitlines()[:1]
        print(f"\n{report.nodeid}: {''.join(reason)}", flush=True)


@pytest.fixture
def as_user():
    """A function that turns an argv into one that runs it as an ordinary user without any capability.

    An argv[0] of sys.executable becomes an interpreter that this user can run, with ebee on its path. Where
    the tests already run as an ordinary user nothing changes.
    """
    if os.geteuid() != 0:
        return list
    python = _python_of_nobody()
    return lambda argv: [*AS_NOBODY, *([python, *argv[1:]] if argv[0] == sys.executable else argv)]


AS_NOBODY = [
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
    "env", f"PYTHONPATH={ROOT / 'src'}", "PYTHONDONTWRITEBYTECODE=1",
]  # fmt: skip


@functools.cache
def _python_of_nobody() -> str:
    if shutil.which("setpriv") is None:
        pytest.skip("not installed: setpriv")
    # An interpreter in a closed directory can find another one's library: it must read its own.
    works = "import sys; open(sys.argv[1]); open(sys.executable); sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/bin/python3"):
        argv = [*AS_NOBODY, python, "-c", works, str(ROOT / "pyproject.toml")]
        if os.path.exists(python) and subprocess.run(argv, capture_output=True).returncode == 0:
            return python
    pytest.skip(f"an ordinary user cannot read {ROOT}, or has no Python 3.11 or newer")


# Expectation files: what a test computed, kept as text that a reader can check; rewritten on request.


@pytest.fixture(autouse=True, scope="session")
def default_tier(request: pytest.FixtureRequest) -> None:
    tier = request.config.getoption("tier")
    if tier != "interpreter":
        from ebee.engine import backend

        backend.DEFAULT_TIER = tier


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tier", default="interpreter", help="the tier of engines that tests make without a choice: native, auto"
    )
    parser.addoption(
        "--update-expected",
        action="store_true",
        help="rewrite the expectation files under tests/data with what the tests computed",
    )


@pytest.fixture
def expected(request: pytest.FixtureRequest):
    """A function (path, text): compare `text` with the file `path` of tests/data, or write it there.

    An absolute path is taken as it is.
    """

    def compare(path: str | os.PathLike[str], text: str) -> None:
        __tracebackhide__ = True
        file = DATA / path
        if not text.endswith("\n"):
            text += "\n"
        if request.config.getoption("--update-expected"):
            if not file.exists() or file.read_text() != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return
        name = os.path.relpath(file, ROOT)
        if not file.exists():
            pytest.fail(f"there is no {name}; make it with: pytest --update-expected {request.node.nodeid}")
        want = file.read_text()
        if text != want:
            diff = "\n".join(
                difflib.unified_diff(want.splitlines(), text.splitlines(), name, "computed", lineterm="")
            )
            how = f"If this change is meant: pytest --update-expected {request.node.nodeid}"
            pytest.fail(f"{diff}\n{how}", pytrace=False)

    return compare
