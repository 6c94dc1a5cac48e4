"""The command `vmtest/run`: which kernels, which tests; boots each, shows its output, says what came of it."""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import image
from packages import Archive, PackageError

ALL = ("6.1", "6.12", "7")
DEFAULT_TESTS = ("-m", "vm", "tests/kernel")  # where no path is given
TOO_OLD = "needs Linux "  # how the reason of a skip begins that is right on this kernel
# What Debian leaves out of these kernels (series: features of tests/kernel_features.py).
BUILT_WITHOUT = {"6.1": ("kprobe_multi",), "6.12": ("sched_ext",)}
BOOT_S = 120
FOLDERS = "ebee-vmtest-"  # how names of temporary folders begin; the process follows


def main(argv: list[str]) -> int:
    """Run the tests on each kernel; return 0 if all passed and none that is there for a guest was skipped."""
    parser = argparse.ArgumentParser(prog="vmtest/run", description=__doc__, allow_abbrev=False)
    parser.add_argument("--timeout", type=int, default=900, metavar="SECONDS", help="for each kernel (900)")
    parser.add_argument("--shell-command", metavar="TEXT", help="run this command of the shell, not pytest")
    parser.add_argument("kernels", help=f"a version or its beginning, several with commas, or `all`: {', '.join(ALL)}")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help=f"for pytest; no path: {' '.join(DEFAULT_TESTS)}")
    options = parser.parse_args(argv)
    qemu = shutil.which("qemu-system-x86_64")
    lacking = [tool for tool in ("apt-get", "dpkg-deb") if not shutil.which(tool)]
    if qemu is None or lacking:
        print(f"vmtest: not installed: {', '.join(['qemu-system-x86_64'] * (qemu is None) + lacking)}; on Debian and")
        print("vmtest: Ubuntu: apt-get install --no-install-recommends qemu-system-x86")
        return 2
    command = options.shell_command or _pytest(options.pytest)
    kernels = ALL if options.kernels == "all" else options.kernels.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything below is cleaned up
    try:
        _remove_left()
        with tempfile.TemporaryDirectory(prefix=f"{FOLDERS}{os.getpid()}-") as folder:
            guests = Guests(qemu, Path(folder))
            results = [guests.run(kernel, command, options.timeout) for kernel in kernels]
    except (PackageError, subprocess.CalledProcessError) as e:
        print(f"vmtest: {e}")
        return 2
    print("\n== vmtest")
    told = [result.tell() for result in results]
    return int(not all(told))


def _remove_left() -> None:
    """Remove what runs have left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*-*"):
        owner = folder.name.removeprefix(FOLDERS).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _pytest(given: list[str]) -> str:
    """Return the guest's command for pytest's arguments; paths are taken from the directory of the caller."""
    here = Path.cwd() if Path.cwd().is_relative_to(image.ROOT) else image.ROOT
    arguments, paths = [], 0
    for argument in given:
        name, *test = argument.split("::", 1)
        path = (here / name).resolve()
        if not argument.startswith("-") and path.exists() and path.is_relative_to(image.ROOT):
            argument = "::".join([str(path.relative_to(image.ROOT)), *test])
            paths += 1
        arguments.append(argument)
    colour = "--color=yes" if sys.stdout.isatty() else "--color=no"
    plugins = ("-p", "report_plugin", "-p", "no:cacheprovider")
    return shlex.join(["python3", "-m", "pytest", colour, *plugins, *(() if paths else DEFAULT_TESTS), *arguments])


class Guests:
    """What the guests of one run share: packages, the root file system and this clone, as archives in `folder`."""

    def __init__(self, qemu: str, folder: Path) -> None:
        self.qemu = qemu
        self.folder = folder
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ebee/vmtest"
        cache.mkdir(parents=True, exist_ok=True)
        self.cache = cache
        self.root = folder / "guest"
        with _Locked(cache):
            self.archive = Archive(cache)
            image.make_guest(self.archive.guest(), self.root)
            image.make_clone(folder / "clone", self.root, cache)
        for name in ("guest", "clone"):
            _pack(folder / name)

    def run(self, version: str, command: str, timeout_s: int) -> Result:
        """Boot the newest kernel of `version` and run `command` in it."""
        with _Locked(self.cache):
            packages = self.archive.kernel(version)
        modules = self.folder / f"modules-{version}"
        kernel = image.make_modules(packages, modules, self.root)
        _pack(modules)
        job = self.folder / f"job-{version}"
        job.mkdir()
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        passed_on["COLUMNS"] = str(shutil.get_terminal_size((120, 0)).columns)
        (job / "command").write_text(
            "export PYTHONPATH=/ebee/src:/ebee/vmtest EBEE_VMTEST_REPORT=/dev/ttyS1\n"
            f"export {shlex.join(f'{name}={value}' for name, value in passed_on.items())}\n"
            f"timeout --kill-after=5 {timeout_s} sh -c {shlex.quote(command)}\n"
        )
        _pack(job)
        initrd = self.folder / f"initrd-{version}"
        with open(initrd, "wb") as out:
            for name in ("guest", modules.name, "clone", job.name):
                with open(self.folder / f"{name}.cpio", "rb") as part:
                    shutil.copyfileobj(part, out)
        return _boot(self.qemu, kernel, initrd, timeout_s)


# How hard random tests look.
_PASSED_ON = ("EBEE_EXAMPLES", "EBEE_PROGRAMS", "EBEE_SEED")


class _Locked:
    """Others may fetch into the same cache."""

    def __init__(self, cache: Path) -> None:
        self.file = open(cache / "lock", "w")  # noqa: SIM115
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _pack(folder: Path) -> None:
    with open(f"{folder}.cpio", "wb") as out:
        image.write_cpio(folder, out)


def _boot(qemu: str, kernel: Path, initrd: Path, timeout_s: int) -> Result:
    report = initrd.with_name(f"{initrd.name}.report")
    argv = [
        qemu, "-machine", "q35", "-accel", "tcg,thread=single", "-cpu", "max", "-m", "2G", "-smp", "2",
        "-display", "none", "-no-reboot", "-nodefaults", "-net", "none",
        "-serial", "stdio", "-serial", f"file:{report}", "-kernel", str(kernel), "-initrd", str(initrd),
        "-append", "console=ttyS0 quiet panic=-1 oops=panic lsm=landlock,lockdown,yama,apparmor,bpf",
    ]  # fmt: skip
    print(f"== vmtest: {kernel.name}", flush=True)
    start = time.monotonic()
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent
    )
    limit = threading.Timer(timeout_s + BOOT_S, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(chunk.replace(b"\r\n", b"\n"))
            sys.stdout.flush()
    finally:
        limit.cancel()
        process.kill()
        process.wait()
    lines = report.read_text().splitlines() if report.exists() else []
    return Result(kernel.name.removeprefix("vmlinuz-"), time.monotonic() - start, [json.loads(x) for x in lines if x])


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Result:
    """What a guest reported before it ended."""

    def __init__(self, release: str, seconds: float, lines: list[dict[str, Any]]) -> None:
        self.release = release
        self.seconds = seconds
        self.tests = [line for line in lines if "test" in line]
        self.exit = next((line["exit"] for line in lines if "exit" in line), None)

    def tell(self) -> bool:
        """Print what passed, and what was skipped and why; return whether this kernel did what it is there for."""
        outcomes = ("passed", "failed", "skipped")
        count = {outcome: [t for t in self.tests if t["outcome"] == outcome] for outcome in outcomes}
        wrongly = [t for t in count["skipped"] if t["vm"] and not self._rightly(t["reason"])]
        good = self.exit == 0 and not wrongly
        told = ", ".join(f"{len(tests)} {outcome}" for outcome, tests in count.items() if tests) or "no tests"
        print(f"{'ok  ' if good else 'FAIL'} {self.release}: {told}, {self.seconds:.0f} s")
        for test in count["failed"]:
            print(f"       failed   {test['test']}: {test['reason']}")
        for test in count["skipped"]:
            word = "SKIPPED, and this kernel is there for it:" if test in wrongly else "skipped "
            print(f"       {word} {test['test']}: {test['reason']}")
        if self.exit is None:
            print("       the guest ended before its tests did: a crash of its kernel, or out of time")
        elif self.exit and not count["failed"]:
            print(f"       exit status {self.exit}")
        return good

    def _rightly(self, reasons: str) -> bool:
        """Whether one of the reasons for a skip is this kernel's age, or what it is known to be built without."""
        series = ".".join(self.release.split(".")[:2])
        lacking = tuple(f"this kernel is built without {name}:" for name in BUILT_WITHOUT.get(series, ()))
        return any(reason.startswith((TOO_OLD, *lacking)) for reason in reasons.split("; "))
