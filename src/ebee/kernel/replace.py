"""Functions of loaded programs that other programs take the place of (BPF_PROG_TYPE_EXT).

Source: bpf_check_attach_target in kernel/bpf/verifier.c, bpf_tracing_prog_attach in kernel/bpf/syscall.c (Linux 6.18);
bpf_program__attach_freplace in libbpf.c (libbpf 1.6).
"""

from __future__ import annotations

import sys

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..btf.kinds import BTF_FUNC_GLOBAL, BTF_KIND_FUNC
from ..btf.read import Btf
from ..errors import NotSupported, SyscallError, UnknownProbe, UsageError
from ..record import Record
from ..sys import bpf
from ..sys.os_seam import Fd
from .programs import KernelLink, KernelProgram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import BackendProgram

_ENOENT, _EINVAL, _EBUSY = 2, 22, 16


class ReplacedFunction(Record):
    """A function of a loaded program: the program, and the function's id in its BTF."""

    fd: Fd
    type_id: int


def find_function(
    target: BackendProgram | int | str | None, name: str, *, is_replaced: bool = True
) -> ReplacedFunction:
    """Return a function of a program, which was loaded here, has an id, or is pinned at a path.

    It must be global if it `is_replaced`; others are traced (fentry, fexit).

    Raises: UsageError for a program that is not there, UnknownProbe for a function, NotSupported for one that is
    static, or a program without types, SyscallError.
    """
    fd, what = _program(target)
    off, size = layouts.PROG_INFO["btf_id"]
    info = bpf.info_by_fd(fd.number, off + size)
    btf_id = int.from_bytes(info[off : off + size], sys.byteorder)
    if not btf_id:
        raise NotSupported(f"replacing a function of {what}, which has no types", hint="load it with BTF")
    with bpf.fd_by_id(abi.BPF_BTF_GET_FD_BY_ID, btf_id) as types_fd:
        btf = Btf(bpf.btf_data(types_fd.number))
    functions = {f.name: f for f in btf.types(BTF_KIND_FUNC)}
    if name not in functions:
        known = [n for n, f in functions.items() if f.linkage == BTF_FUNC_GLOBAL]
        raise UnknownProbe(f"{'freplace' if is_replaced else 'fentry'}:{name} in {what}", known)
    if is_replaced and functions[name].linkage != BTF_FUNC_GLOBAL:
        hint = "in Python: @ebee.subprogram(replaceable=True); in C: leave out `static`, and write __noinline"
        raise NotSupported(f"replacing {name}() of {what}, which is static", hint=hint)
    return ReplacedFunction(fd, functions[name].id)


def _program(target: BackendProgram | int | str | None) -> tuple[Fd, str]:
    if isinstance(target, KernelProgram):
        return target.fd, f"program {target.spec.name}"
    if isinstance(target, str):
        found = bpf.obj_get(target)
        if found is None:
            raise UsageError(f"nothing is pinned at {target}")
        return found, f"the program at {target}"
    if not isinstance(target, int):
        raise UsageError("a replacement needs the program whose function it is to replace")
    try:
        return bpf.fd_by_id(abi.BPF_PROG_GET_FD_BY_ID, target), f"program {target}"
    except SyscallError as e:
        if e.errno != _ENOENT:
            raise
        raise UsageError(f"there is no program of id {target}") from None


def attach_replacement(program: KernelProgram) -> KernelLink:
    """Have a program take the place of the function that it was loaded for. Raises: UsageError, SyscallError."""
    function = program.replaces
    assert function is not None
    link = bpf.link_create(program.fd.number, function.fd.number, 0, target_btf_id=function.type_id)
    if link == -_EBUSY:
        raise UsageError(
            f"{program.spec.attach_to}() is replaced already",
            hint="one function at a time takes its place: detach the other one first",
        )
    if link == -_EINVAL:  # before Linux 5.10 only so
        return KernelLink(bpf.raw_tracepoint_open("", program.fd.number))
    if link < 0:
        raise bpf.error(abi.BPF_LINK_CREATE, -link, f"freplace {program.spec.attach_to}")
    return KernelLink(Fd(link))
