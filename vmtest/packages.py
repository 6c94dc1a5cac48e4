"""Debian packages by apt's own client: kernels and what a guest is made of, without root and apart from the host's."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

SUITES = ("bookworm", "trixie", "trixie-backports")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
LISTS_ARE_GOOD_FOR_S = 86_400

# Everything comes from the newest stable suite: Python, pytest and what tests call. Dependencies follow.
GUEST_PACKAGES = (
    "python3-pytest", "python3-hypothesis", "python3-click", "python3-pyelftools", "bpftool", "coreutils", "dash",
    "grep", "iproute2", "kmod", "libcap2-bin", "mount", "procps", "strace", "util-linux",
)  # fmt: skip


class PackageError(Exception):
    """What apt could not do, in its own words."""


class Archive:
    """A package archive with a state of its own under `directory`: lists and downloaded packages."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.archives = directory / "archives"
        for part in ("lists/partial", "archives/partial", "none/partial"):
            (directory / part).mkdir(parents=True, exist_ok=True)
        (directory / "status").touch()
        signed = f"[signed-by={KEYRING}] " if os.path.exists(KEYRING) else ""
        mirror = os.environ.get("EBEE_VMTEST_MIRROR") or _configured_mirror()
        lines = [f"deb {signed}{mirror} {suite} main\n" for suite in SUITES]
        (directory / "sources.list").write_text("".join(lines))
        self._options = [
            f"-oDir::Etc::sourcelist={directory}/sources.list",
            "-oDir::Etc::sourceparts=/dev/null",
            f"-oDir::State::lists={directory}/lists",
            f"-oDir::State::status={directory}/status",
            f"-oDir::Cache={directory}",
            "-oDir::Cache::pkgcache=pkgcache.bin",
            "-oDir::Cache::srcpkgcache=srcpkgcache.bin",
            "-oAPT::Architecture=amd64",
            "-oAPT::Architectures::=amd64",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Retries=3",
            "-oAcquire::Languages=none",
            "-oDebug::NoLocking=true",
        ]
        stamp = directory / "updated"
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > LISTS_ARE_GOOD_FOR_S:
            try:
                self._apt("apt-get", "-qq", "update")
                stamp.touch()
            except PackageError:
                if not stamp.exists():
                    raise

    def kernel(self, version: str) -> list[Path]:
        """Return the packages of the newest cloud kernel whose version starts with `version`, whole parts compared.

        Raises: PackageError when there is none.
        """
        names = self._names("^linux-(image|binary|modules)-[0-9].*-cloud-amd64$")
        pattern = re.compile(rf"linux-(?:image|binary)-({re.escape(version)}(?:[.+-].*)?-cloud-amd64)$")
        releases = {m[1] for name in names if (m := pattern.match(name))}
        if not releases:
            raise PackageError(f"no kernel {version} in {', '.join(SUITES)}")
        release = max(releases, key=lambda r: [int(n) for n in re.findall(r"\d+", r)])
        return self._fetch(("download",), *sorted(name for name in names if name.endswith(f"-{release}")))

    def guest(self) -> list[Path]:
        """Return the packages of the guest's root file system, dependencies included."""
        return self._fetch(("install", "--no-install-recommends", "--download-only"), *GUEST_PACKAGES)

    def _names(self, pattern: str) -> set[str]:
        return {line.split(" ")[0] for line in self._apt("apt-cache", "search", "--names-only", pattern).split("\n")}

    def _fetch(self, command: tuple[str, ...], *names: str) -> list[Path]:
        """Download what is not there yet; apt checks sizes and hashes."""
        empty = self.directory / "none"  # a plan names the files that are not there
        plan = ("--print-uris", f"-oDir::Cache::archives={empty}")
        planned = self._apt("apt-get", "-qq", "-y", *plan, *command, *names, folder=empty)
        paths = [self.archives / name for name in re.findall(r"^'[^']+' (\S+) \d+ ", planned, re.M)]
        if any(not path.exists() for path in paths):
            fetch = ("-qq", "-y", f"-oDir::Cache::archives={self.archives}", *command)
            self._apt("apt-get", *fetch, *names, folder=self.archives)
        if not paths or any(not path.exists() for path in paths):
            raise PackageError(f"apt did not download {' '.join(names)}")
        return paths

    def _apt(self, program: str, *arguments: str, folder: Path | None = None) -> str:
        argv = [program, *self._options, *arguments]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise PackageError(f"{program} {' '.join(arguments)}: {done.stderr.strip() or done.returncode}")
        return done.stdout


def _configured_mirror() -> str:
    """Return the Debian mirror of this machine's own sources; the public one where it is no Debian."""
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True).stdout
    mirrors = [site.rstrip("/") for site in targets.split() if site.rstrip("/").endswith("/debian")]
    return mirrors[0] if mirrors else DEFAULT_MIRROR
