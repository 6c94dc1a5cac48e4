"""Decorators of hooks on the kernel's own functions: tracepoints with typed arguments, kprobes, trampolines, LSM.

The parameters of such a probe are arguments of the kernel's function, by name, any of them in any order; one called
`ctx` is the context, which has them all: `ctx.prev`, or by position `ctx.args[1]`.
"""

from __future__ import annotations

from ..errors import UsageError
from .probes import Probe, on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .maps import MapDecl

    Decorator = Callable[[Callable[..., object]], Probe]

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def _check(decorator: str, names: tuple[Any, ...], example: str, more: str = "") -> None:
    """Raises: UsageError unless each name is one of the kernel's, of letters, digits, `_`, `.` and those of `more`."""
    allowed = _WORD | set(".") | set(more)
    for name in names or ("",):
        if not (isinstance(name, str) and name and set(name) <= allowed):
            what = repr(name) if names else "nothing"
            hint = f"for example @ebee.{decorator}({example!r})"
            raise UsageError(f"{decorator} takes a name, not {what}", hint=hint)


def _hooks(kind: str, names: tuple[Any, ...], example: str, more: str = "", *, sleepable: bool = False) -> Decorator:
    """A decorator for one program on each name."""
    _check(kind, names, example, more)
    section = f"{kind}.s" if sleepable else kind
    return on(f"@ebee.{kind}({names[0]!r})", *dict.fromkeys(f"{section}/{name.replace('::', ':')}" for name in names))


def raw_tracepoint(*names: str) -> Decorator:
    """Run a function at tracepoints, by their own name (`sched_switch`), with the arguments that the kernel gives them.

    Arguments are typed where the kernel has BTF. Pointers to structs are followed by reads that may fail: a field of
    what cannot be read is zero, and that is counted.

    Raises: UsageError for what is no name.
    """
    return _hooks("raw_tracepoint", names, "sched_switch")


def tp_btf(*names: str) -> Decorator:
    """Run a function at tracepoints, by their own name (`sched_switch`), with arguments that are typed from BTF.

    Their fields are loaded directly, without a helper call. Raises: UsageError for what is no name.
    """
    return _hooks("tp_btf", names, "sched_switch")


def _kprobe(kind: str, names: tuple[Any, ...], more: str = "") -> Decorator:
    _check(kind, names, "do_unlinkat", more + "*?+:")
    sections = dict.fromkeys(f"{kind}.multi/{n}" if "*" in n or "?" in n else f"{kind}/{n}" for n in names)
    return on(f"@ebee.{kind}({names[0]!r})", *sections)


def kprobe(*names: str) -> Decorator:
    """Run a function where functions of the kernel begin (`do_unlinkat`), or at an instruction of one (`name+0x10`).

    A name with `*` or `?` stands for all functions that it fits. Arguments are typed where the kernel has BTF.

    Raises: UsageError for what is no name.
    """
    return _kprobe("kprobe", names)


def kretprobe(*names: str) -> Decorator:
    """Run a function where functions of the kernel return; `ctx.ret`, or a parameter `ret`, is the result.

    Names are as for `kprobe`; the arguments are gone by then. Raises: UsageError for what is no name.
    """
    return _kprobe("kretprobe", names)


def kprobe_session(*names: str) -> Decorator:
    """Run a function where functions of the kernel begin, and where the same calls return (Linux 6.10).

    Names are as for `kprobe`. `ctx.is_return` says which it is; where it begins there are arguments,
    where it returns `ctx.ret`, as a u64. A probe that returns 1 at the beginning is not run at the return of that call.

    Raises: UsageError for what is no name.
    """
    _check("kprobe_session", names, "vfs_*", "*?")
    return on(f"@ebee.kprobe_session({names[0]!r})", *dict.fromkeys(f"kprobe.session/{name}" for name in names))


def ksyscall(*names: str) -> Decorator:
    """Run a function where system calls begin, by their own name (`openat`), with the arguments of the system call.

    A kprobe: where it can be `tracepoint("syscalls:sys_enter_openat")` is cheaper. Raises: UsageError for what is no
    name.
    """
    return _hooks("ksyscall", names, "openat")


def kretsyscall(*names: str) -> Decorator:
    """Run a function where system calls return; `ctx.ret`, or a parameter `ret`, is the result.

    Raises: UsageError for what is no name.
    """
    return _hooks("kretsyscall", names, "openat")


def fentry(*names: str, sleepable: bool = False) -> Decorator:
    """Run a function where functions of the kernel begin (`do_unlinkat`, `module:function`), typed from BTF.

    Costs less than a kprobe, and its arguments' fields are loaded directly. Raises: UsageError for what is no name.
    """
    return _hooks("fentry", names, "do_unlinkat", ":", sleepable=sleepable)


def fexit(*names: str, sleepable: bool = False) -> Decorator:
    """Run a function where functions of the kernel return, with their arguments and `ret`, the result.

    Raises: UsageError for what is no name.
    """
    return _hooks("fexit", names, "do_unlinkat", ":", sleepable=sleepable)


def fmod_ret(*names: str, sleepable: bool = False) -> Decorator:
    """Run a function before functions of the kernel: what it returns, if not 0, is their result, and they do not run.

    The kernel allows it for functions that are meant for it, and LSM hooks. Raises: UsageError for what is no name.
    """
    return _hooks("fmod_ret", names, "bpf_modify_return_test", ":", sleepable=sleepable)


def lsm(*names: str, sleepable: bool = False) -> Decorator:
    """Run a function at security hooks (`file_open`). It returns 0 to allow, or minus an error number to refuse.

    `ret`, as an argument, is what the programs before it decided. Raises: UsageError for what is no name.
    """
    return _hooks("lsm", names, "file_open", sleepable=sleepable)


def lsm_cgroup(*names: str, cgroup: str = "") -> Decorator:
    """Run a function at security hooks (`socket_bind`), for the tasks or sockets of a control group (Linux 6.0).

    It returns True to allow, and False to refuse with EPERM. Hooks of tasks and sockets can be attached to so, not all
    that there are. Raises: UsageError for what is no name.
    """
    _check("lsm_cgroup", names, "socket_bind")
    options = {"cgroup": cgroup} if cgroup else {}
    return on(f"@ebee.lsm_cgroup({names[0]!r})", *dict.fromkeys(f"lsm_cgroup/{name}" for name in names), **options)


def iter(*names: str, map: MapDecl | None = None, sleepable: bool = False) -> Decorator:
    """Run a function on every object of a kind that the kernel has (`task`, `bpf_map`, …), when it is read.

    The object is an argument of the kind's name, and None at the end. `ctx.seq.write(…)` gives a struct to the reader:
    `for row in ebee.rows(probe, Row): …`, and `print(…, file=ctx.seq)` text: `for line in ebee.lines(probe): …`.
    `map` is the map of those that iterate over one (`bpf_map_elem`, `bpf_sk_storage_map`, `sockmap`).

    Raises: UsageError for what is no name.
    """
    declare = _hooks("iter", names, "task", sleepable=sleepable)
    if map is None:
        return declare

    def declare_on_map(function: Callable[..., object]) -> Probe:
        probe = declare(function)
        probe.options["map"] = map
        return probe

    return declare_on_map


def syscall_program(function: Callable[..., object]) -> Probe:
    """A program that is run by a call, on a struct: its one parameter is annotated with the struct's type.

    `session.run(program, ctx=args)` runs it once; it may read and change the struct's fields. In the kernel it is of
    type BPF_PROG_TYPE_SYSCALL (Linux 5.14).
    """
    return on("@ebee.syscall_program", "syscall")(function)
