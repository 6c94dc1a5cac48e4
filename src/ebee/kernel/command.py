"""The command that a scope follows."""

from __future__ import annotations

import os
import select

from ..sys.os_seam import Fd, current
from ..sys.spawn import fork_exec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SIGTERM, _SIGKILL = 15, 9
_PATIENCE_S = 2.0
_STATUS_UNKNOWN = 255  # somebody else in this process has reaped the child


class KernelCommand:
    """A child process. `pidfd` becomes readable when it has ended; None where the kernel has none."""

    def __init__(self, argv: Sequence[str], before_exec: Callable[[], None]) -> None:
        """Start it. Raises: CommandError when it cannot be executed."""
        self.argv = list(argv)
        self.pid = fork_exec(self.argv, before_exec)
        self._status: int | None = None
        pidfd = current().pidfd_open(self.pid)
        self.pidfd = Fd(pidfd) if pidfd >= 0 else None

    def poll(self) -> int | None:
        """Return None while it runs, then its exit status (negative: the signal that ended it)."""
        if self._status is None:
            self._reap(os.WNOHANG)
        return self._status

    def _reap(self, flags: int) -> None:
        try:
            pid, status = os.waitpid(self.pid, flags)
        except ChildProcessError:
            self._status = _STATUS_UNKNOWN
            return
        if pid:
            self._status = os.waitstatus_to_exitcode(status)

    def _wait(self, timeout_s: float) -> None:
        """Wait for the end, at most so long."""
        if self.pidfd is not None and self.pidfd.number >= 0:  # it may have been collected first
            poll = select.poll()
            poll.register(self.pidfd.number, select.POLLIN)
            poll.poll(timeout_s * 1000)
            self.poll()
            return
        import time

        end = time.monotonic() + timeout_s
        while self.poll() is None and time.monotonic() < end:
            time.sleep(0.01)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM). Its number cannot be another process's: it is not reaped yet."""
        if self.poll() is None:
            os.kill(self.pid, _SIGTERM)

    def close(self) -> None:
        """Wait for its end; if it still runs it is asked to end, and after two seconds killed."""
        if self.poll() is None:
            self.terminate()
            self._wait(_PATIENCE_S)
            if self.poll() is None:
                os.kill(self.pid, _SIGKILL)
                self._reap(0)
        if self.pidfd is not None:
            self.pidfd.close()
