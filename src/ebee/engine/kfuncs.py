"""The kernel functions (kfuncs) that mean something outside the kernel, by name.

Each takes the machine and as many of r1..r5 as it needs, like a helper. The others are refused by name when a program
is loaded.
Source: kernel/bpf/helpers.c, BTF_KFUNCS_START(common_btf_ids) and generic_btf_ids (Linux 6.18).
"""

from __future__ import annotations

from errno import E2BIG, EBUSY, EFAULT, EINVAL, ENOENT, ERANGE

from ..errors import ExecutionError
from .helpers import control, task
from .helpers.common import U32, map_at, signed
from .helpers.dynptr import LOCAL, MAX_SIZE, NULL, RDONLY, RINGBUF, SKB, XDP, dynptr_at, make_dynptr, read_bytes
from .timers import Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .interpreter import Machine

_MAX_STRING = 4096  # XATTR_SIZE_MAX is the kernel's limit; strings of programs are shorter


# Locks of the kernel: one program runs at a time, so that they hold by themselves.


def nothing(vm: Machine) -> int:
    return 0


def bpf_rdonly_cast(vm: Machine, pointer: int, type_id: int) -> int:
    return pointer


def bpf_cast_to_kern_ctx(vm: Machine, pointer: int) -> int:
    return pointer


# Numbers. struct bpf_iter_num is 8 bytes: the next number less 1, and the end, both s32.


def bpf_iter_num_new(vm: Machine, it: int, start: int, end: int) -> int:
    start, end = signed(start, 32), signed(end, 32)
    state = vm.memory.window(it, 8)
    state[:] = bytes(8)
    if start > end:
        return -EINVAL
    if end - start > 8 << 20:
        return -E2BIG
    state[:4], state[4:] = (start - 1 & U32).to_bytes(4, "little"), (end & U32).to_bytes(4, "little")
    return 0


def bpf_iter_num_next(vm: Machine, it: int) -> int:
    """Return the address of the next number, 0 at the end."""
    state = vm.memory.window(it, 8)
    current, end = (int.from_bytes(state[i : i + 4], "little", signed=True) for i in (0, 4))
    if signed(current + 1, 32) >= end:
        state[:] = bytes(8)
        return 0
    state[:4] = (current + 1 & U32).to_bytes(4, "little")
    return it


def bpf_iter_num_destroy(vm: Machine, it: int) -> int:
    vm.memory.window(it, 8)[:] = bytes(8)
    return 0


# Dynamic pointers.


def bpf_dynptr_adjust(vm: Machine, ptr: int, start: int, end: int) -> int:
    p, start, end = dynptr_at(vm, ptr), start & U32, end & U32
    if not p.data or start > end:
        return -EINVAL
    if start > p.size or end > p.size:
        return -ERANGE
    p.off, p.size = p.off + start, end - start
    vm.memory.write(ptr, p.encode())
    return 0


def bpf_dynptr_is_null(vm: Machine, ptr: int) -> int:
    return int(not dynptr_at(vm, ptr).data)


def bpf_dynptr_is_rdonly(vm: Machine, ptr: int) -> int:
    p = dynptr_at(vm, ptr)
    return int(bool(p.data and p.flags & RDONLY))


def bpf_dynptr_size(vm: Machine, ptr: int) -> int:
    p = dynptr_at(vm, ptr)
    return p.size if p.data else -EINVAL


def bpf_dynptr_clone(vm: Machine, ptr: int, clone: int) -> int:
    raw = vm.memory.read(ptr, 16)
    if not dynptr_at(vm, ptr).data:
        vm.memory.write(clone, NULL)
        return -EINVAL
    vm.memory.write(clone, raw)
    return 0


def bpf_dynptr_copy(vm: Machine, dst: int, dst_off: int, src: int, src_off: int, size: int) -> int:
    to, source = dynptr_at(vm, dst), dynptr_at(vm, src)
    dst_off, src_off, size = dst_off & U32, src_off & U32, size & U32
    if not to.data or not source.data or to.flags & RDONLY:
        return -EINVAL
    if not to.has(dst_off, size) or not source.has(src_off, size):
        return -E2BIG
    return _write(vm, dst, dst_off, read_bytes(vm, source, src_off, size))


def bpf_dynptr_memset(vm: Machine, ptr: int, off: int, size: int, value: int) -> int:
    p, off, size = dynptr_at(vm, ptr), off & U32, size & U32
    if not p.data or p.flags & RDONLY:
        return -EINVAL
    if not p.has(off, size):
        return -E2BIG
    return _write(vm, ptr, off, bytes([value & 0xFF]) * size)


def _write(vm: Machine, ptr: int, off: int, data: bytes) -> int:
    from .helpers.dynptr import packet_of

    p = dynptr_at(vm, ptr)
    if p.type in (SKB, XDP):
        packet_of(vm, p).content[p.off + off : p.off + off + len(data)] = data
    else:
        vm.memory.write(p.data + p.off + off, data)
    return 0


def bpf_dynptr_slice(vm: Machine, ptr: int, off: int, buffer: int, size: int) -> int:
    """Return the address of bytes to read: 0 if they are not there. Packets are in one piece."""
    p, off, size = dynptr_at(vm, ptr), off & U32, size & U32
    if not p.data or not p.has(off, size):
        return 0
    if p.type in (LOCAL, RINGBUF):
        return p.data + p.off + off
    from .helpers.dynptr import packet_of

    return packet_of(vm, p).address(p.off + off)


def bpf_dynptr_slice_rdwr(vm: Machine, ptr: int, off: int, buffer: int, size: int) -> int:
    p = dynptr_at(vm, ptr)
    return 0 if not p.data or p.flags & RDONLY else bpf_dynptr_slice(vm, ptr, off, buffer, size)


def _dynptr_from_packet(vm: Machine, ctx: int, flags: int, out: int, type: int) -> int:
    packet = vm.packet
    if packet is None or packet.ctx_address != ctx or packet.kind.is_xdp != (type == XDP):
        raise ExecutionError(f"{ctx:#x} is no packet")
    size = len(packet.content)
    if flags or size > MAX_SIZE:
        vm.memory.write(out, NULL)
        return -EINVAL
    readonly = RDONLY if type == SKB and not packet.kind.has_pointers else 0
    vm.memory.write(out, make_dynptr(ctx, size, type, readonly))
    return 0


def bpf_dynptr_from_skb(vm: Machine, ctx: int, flags: int, out: int) -> int:
    return _dynptr_from_packet(vm, ctx, flags, out, SKB)


def bpf_dynptr_from_xdp(vm: Machine, ctx: int, flags: int, out: int) -> int:
    return _dynptr_from_packet(vm, ctx, flags, out, XDP)


# Strings. A string ends with a NUL; what cannot be read gives -EFAULT, one without end -E2BIG.


def _string(vm: Machine, address: int, limit: int = _MAX_STRING) -> bytes | int:
    """Return a string without its NUL (or its first `limit` bytes), or a negative errno."""
    data = vm.memory.readable(address)
    if not data and limit:
        return -EFAULT
    text, nul, _ = data.partition(b"\0")
    if len(text) >= limit:
        return text[:limit] if limit < _MAX_STRING else -E2BIG
    return text if nul else -EFAULT


def bpf_strlen(vm: Machine, s: int) -> int:
    text = _string(vm, s)
    return text if isinstance(text, int) else len(text)


def bpf_strnlen(vm: Machine, s: int, count: int) -> int:
    text = _string(vm, s, min(count, _MAX_STRING))
    return text if isinstance(text, int) else len(text)


def _compare(vm: Machine, a: int, b: int, fold: bool) -> int:
    """Compare byte by byte: what differs first decides, even if the strings then end in the middle of nowhere."""
    left, right = vm.memory.readable(a), vm.memory.readable(b)
    if fold:
        left, right = left.lower(), right.lower()
    for i in range(_MAX_STRING):
        if i >= len(left) or i >= len(right):
            return -EFAULT
        if left[i] != right[i]:
            return -1 if left[i] < right[i] else 1
        if not left[i]:
            return 0
    return -E2BIG


def bpf_strcmp(vm: Machine, a: int, b: int) -> int:
    return _compare(vm, a, b, False)


def bpf_strcasecmp(vm: Machine, a: int, b: int) -> int:
    return _compare(vm, a, b, True)


def _find(vm: Machine, s: int, limit: int, c: int) -> int:
    data = vm.memory.readable(s)[:limit]
    for i, byte in enumerate(data):
        if byte == c & 0xFF:
            return i
        if not byte:
            return -ENOENT
    if len(data) == limit:
        return -ENOENT if limit < _MAX_STRING else -E2BIG
    return -EFAULT


def bpf_strchr(vm: Machine, s: int, c: int) -> int:
    return _find(vm, s, _MAX_STRING, c)


def bpf_strnchr(vm: Machine, s: int, count: int, c: int) -> int:
    return _find(vm, s, min(count, _MAX_STRING), c)


def bpf_strchrnul(vm: Machine, s: int, c: int) -> int:
    """Return where a character is, or the length where it is not."""
    found = _find(vm, s, _MAX_STRING, c)
    return bpf_strlen(vm, s) if found == -ENOENT else found


def bpf_strrchr(vm: Machine, s: int, c: int) -> int:
    text = _string(vm, s)
    if isinstance(text, int):
        return text
    at = (text + b"\0").rfind(bytes([c & 0xFF]))
    return at if at >= 0 else -ENOENT


def _span(vm: Machine, s: int, chars: int, accept: bool) -> int:
    text, known = _string(vm, s), _string(vm, chars)
    if isinstance(text, int):
        return text
    if isinstance(known, int):
        return known
    return next((i for i, byte in enumerate(text) if (byte in known) != accept), len(text))


def bpf_strspn(vm: Machine, s: int, accept: int) -> int:
    return _span(vm, s, accept, True)


def bpf_strcspn(vm: Machine, s: int, reject: int) -> int:
    return _span(vm, s, reject, False)


def _search(vm: Machine, a: int, b: int, limit: int) -> int:
    text, wanted = _string(vm, a, limit), _string(vm, b)
    if isinstance(wanted, int):
        return wanted
    if isinstance(text, int):
        return text
    at = text.find(wanted)
    return at if at >= 0 else -ENOENT


def bpf_strstr(vm: Machine, a: int, b: int) -> int:
    return _search(vm, a, b, _MAX_STRING)


def bpf_strnstr(vm: Machine, a: int, b: int, count: int) -> int:
    return _search(vm, a, b, min(count, _MAX_STRING))


# Objects.


def bpf_copy_from_user_str(vm: Machine, dst: int, size: int, address: int, flags: int) -> int:
    """Copy a string of the user's; return its length with the NUL. Flag 1: zeros behind it."""
    size &= U32
    if flags & ~1:
        return -EINVAL
    if not size:
        return 0
    out = vm.memory.window(dst, size)
    data = vm.task.read_user(address, size)
    text, nul, _ = data.partition(b"\0")
    if not nul and len(data) < size:
        out[:] = bytes(size)
        return -EFAULT
    text = text[: size - 1]
    out[: len(text) + 1] = text + b"\0"
    if flags:
        out[len(text) + 1 :] = bytes(size - len(text) - 1)
    return len(text) + 1


def bpf_get_current_task(vm: Machine) -> int:
    return task.get_current_task(vm)


def bpf_task_acquire(vm: Machine, pointer: int) -> int:
    return pointer


def bpf_task_release(vm: Machine, pointer: int) -> int:
    return 0


def bpf_task_from_pid(vm: Machine, pid: int) -> int:
    """Return the current task if it has this thread id, otherwise 0: the engine knows no other."""
    return task.get_current_task(vm) if pid & U32 == vm.task.pid else 0


def bpf_cgroup_from_id(vm: Machine, id: int) -> int:
    known = (*vm.task.cgroup_ancestors, vm.task.cgroup_id)
    return vm.registry.address("cgroup", id) if id in known else 0


def bpf_task_get_cgroup1(vm: Machine, pointer: int, hierarchy: int) -> int:
    return 0


def bpf_get_smp_processor_id(vm: Machine) -> int:
    return vm.task.cpu


# Work for later: as a timer that is due at once.


def bpf_wq_init(vm: Machine, address: int, handle: int, flags: int) -> int:
    m = map_at(vm, handle)
    if flags & U32:
        return -EINVAL
    field = vm.memory.window(address, 16)
    if any(field):
        return -EBUSY
    field[0] = 1
    vm.timers[address] = Timer(m, address)
    return 0


def bpf_wq_set_callback_impl(vm: Machine, address: int, callback: int, flags: int) -> int:
    return -EINVAL if flags & U32 else control.timer_set_callback(vm, address, callback)


def bpf_wq_start(vm: Machine, address: int, flags: int) -> int:
    return -EINVAL if flags & U32 else control.timer_start(vm, address, 0, 0)


_LOCKS = (
    "bpf_rcu_read_lock bpf_rcu_read_unlock bpf_preempt_disable bpf_preempt_enable bpf_local_irq_save"
    " bpf_local_irq_restore"
)

KFUNCS: dict[str, Callable[..., int]] = {
    **dict.fromkeys(_LOCKS.split(), nothing),
    "bpf_cgroup_acquire": bpf_task_acquire,
    "bpf_cgroup_release": bpf_task_release,
    **{name: thing for name, thing in list(globals().items()) if name.startswith("bpf_") and callable(thing)},
}


def missing(name: str) -> Callable[..., int]:
    """Return what stands for a kernel function that may be missing: to reach its call is an error."""

    def absent(vm: Machine) -> int:
        raise ExecutionError(f"{name}() is not there")

    return absent
