"""Start a command so that nothing of ours is between the last preparation and its `execve`."""

from __future__ import annotations

import os

from ..errors import CommandError, EbeeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Sequence
else:
    import _signal  # `signal` itself imports enum

EXIT_NOT_STARTED = 127  # exit status of a child that never became the command

# Signals that Python or ebee may have handlers for: held back while the child still is a copy of us.
_HELD = {
    _signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT,
    _signal.SIGUSR1, _signal.SIGUSR2, _signal.SIGCHLD, _signal.SIGALRM,
}  # fmt: skip
# Python ignores these at start; a command expects the default.
_IGNORED_BY_PYTHON = (_signal.SIGPIPE, _signal.SIGXFSZ)

# Read ends of the error pipes of children that `fork_exec` returned before they executed their command.
_unconfirmed: dict[int, tuple[int, list[str]]] = {}


def find_executable(name: str, path: str | None = None) -> str:
    """Return the file that `execvp` would execute for `name`.

    Raises: CommandError with ENOENT (nowhere in PATH), EACCES (found, but not executable).
    """
    import errno

    if not name:
        raise CommandError([name], errno.ENOENT, "the command is empty")
    if "\0" in name:
        raise CommandError([name], errno.EINVAL, "its name holds a NUL byte")
    if "/" in name:
        return name
    seen_errno = errno.ENOENT
    for folder in (os.environ.get("PATH", os.defpath) if path is None else path).split(":"):
        candidate = os.path.join(folder or ".", name)
        if os.path.isfile(candidate):
            if os.access(candidate, os.X_OK):
                return candidate
            seen_errno = errno.EACCES
    reason = "no such command in PATH" if seen_errno == errno.ENOENT else os.strerror(seen_errno)
    raise CommandError([name], seen_errno, reason)


def fork_exec(
    argv: Sequence[str], before_exec: Callable[[], None] | None = None, wait_for: int | None = None
) -> int:
    """Fork, run `before_exec` in the child, execute `argv` there; return the child's pid.

    The executable is looked up in PATH before the fork, so that no failed attempt is seen as the command's.
    With `wait_for` (a file descriptor) the child first reads one byte from it, and ends if there is none: a
    tracer can seize it before. The function then returns at once, and `confirm_exec(pid)` tells how the
    execution went. Without it the command runs when the function returns. A child that waits dies with its
    parent.

    Raises: CommandError when the command cannot be executed or `before_exec` failed.
    """
    argv = [str(a) for a in argv]
    if not argv:
        argv = [""]
    executable = find_executable(argv[0])
    if any("\0" in a for a in argv):
        raise CommandError(argv, 22, "an argument holds a NUL byte")
    error_r, error_w = os.pipe()
    try:
        old_mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _HELD)
        try:
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                _child(argv, executable, before_exec, wait_for, error_w, parent, old_mask)
        finally:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, old_mask)
    except BaseException:
        os.close(error_r)
        raise
    finally:
        os.close(error_w)
    _unconfirmed[pid] = (error_r, argv)
    if wait_for is None:
        try:
            confirm_exec(pid)
        except BaseException:
            os.kill(pid, _signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
    return pid


def confirm_exec(pid: int) -> None:
    """Wait until a child of `fork_exec(…, wait_for=…)` executes its command. The child is not reaped.

    A tracer calls this once it has seen the child's exec stop or exit. Calling it again does nothing.

    Raises: CommandError when the child could not execute the command.
    """
    error_r, argv = _unconfirmed.pop(pid, (-1, []))
    if error_r < 0:
        return
    message = b""
    try:
        while chunk := os.read(error_r, 4096):
            message += chunk
    finally:
        os.close(error_r)
    if message:
        number, _, reason = message.decode("utf-8", "replace").partition(" ")
        raise CommandError(argv, int(number), reason)


def _child(
    argv: list[str],
    executable: str,
    before_exec: Callable[[], None] | None,
    wait_for: int | None,
    error_w: int,
    parent: int,
    old_mask: set[int | _signal.Signals],
) -> None:
    """Become the command, or report `errno reason` through the pipe and end. Never returns."""
    try:
        import gc

        gc.disable()  # no finaliser of the parent's objects may run here
        for number in _HELD:
            if _signal.getsignal(number) != _signal.SIG_IGN:
                _signal.signal(number, _signal.SIG_DFL)
        for number in _IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, old_mask)
        if wait_for is not None:
            _die_with_parent(parent, True)
            if not os.read(wait_for, 1):
                os._exit(EXIT_NOT_STARTED)
            _die_with_parent(parent, False)
        if before_exec is not None:
            before_exec()
        os.execve(executable, argv, os.environ)
    except OSError as e:
        reason = str(e) if isinstance(e, EbeeError) else os.strerror(e.errno or 0)
        os.write(error_w, f"{e.errno or 0} {reason}".encode())
    except BaseException as e:
        os.write(error_w, f"0 {e or type(e).__name__}".encode())
    finally:
        os._exit(EXIT_NOT_STARTED)


def _die_with_parent(parent: int, on: bool) -> None:
    """Have the kernel kill this process when its parent dies (prctl PR_SET_PDEATHSIG), or no longer."""
    from .os_seam import current

    current().pdeathsig(int(_signal.SIGKILL) if on else 0)
    if on and os.getppid() != parent:
        os._exit(EXIT_NOT_STARTED)
