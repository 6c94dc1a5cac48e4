"""Helpers about the current task, its stack, the hook that runs, time and chance."""

from __future__ import annotations

from errno import E2BIG, EAGAIN, EFAULT, EINVAL, EOPNOTSUPP

from ...abi import bpf
from ...errors import ExecutionError
from .common import U32, U64, map_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

_HZ = 250
_INITIAL_JIFFIES = -300 * _HZ & U32  # the kernel's counter starts 5 minutes before its 32 bits run over
_TAI_OFFSET_NS = 37_000_000_000


def ktime_get_ns(vm: Machine) -> int:
    return vm.task.ktime_ns()


def ktime_get_boot_ns(vm: Machine) -> int:
    """Return the clock with the time asleep: the engine's machine never sleeps."""
    return vm.task.ktime_ns()


def ktime_get_coarse_ns(vm: Machine) -> int:
    """Return the clock as of the last tick."""
    now = vm.task.ktime_ns()
    return now - now % (1_000_000_000 // _HZ)


def ktime_get_tai_ns(vm: Machine) -> int:
    """Return international atomic time, in nanoseconds since 1970."""
    return vm.task.real_ns() + _TAI_OFFSET_NS


def jiffies64(vm: Machine) -> int:
    return _INITIAL_JIFFIES + vm.task.ktime_ns() * _HZ // 1_000_000_000


def get_prandom_u32(vm: Machine) -> int:
    return vm.task.random_u32() & U32


def get_smp_processor_id(vm: Machine) -> int:
    return vm.task.cpu


def get_numa_node_id(vm: Machine) -> int:
    return vm.task.numa_node


def get_current_pid_tgid(vm: Machine) -> int:
    return vm.task.tgid << 32 | vm.task.pid


def get_ns_current_pid_tgid(vm: Machine, dev: int, ino: int, out: int, size: int) -> int:
    """Store pid and tgid as the PID namespace sees them that /proc/self/ns/pid names by device and inode."""
    field = vm.memory.window(out, size & U32)
    if len(field) == 8 and (dev, ino) == vm.task.pid_ns:
        field[:] = vm.task.pid.to_bytes(4, "little") + vm.task.tgid.to_bytes(4, "little")
        return 0
    field[:] = bytes(len(field))
    return -EINVAL


def get_current_uid_gid(vm: Machine) -> int:
    return vm.task.gid << 32 | vm.task.uid


def get_current_comm(vm: Machine, buf: int, size: int) -> int:
    size &= U32
    if not size:
        return -EINVAL
    out = vm.memory.window(buf, size)
    name = vm.task.comm[: min(15, size - 1)]
    out[:] = name + bytes(size - len(name))
    return 0


def get_current_task(vm: Machine) -> int:
    return vm.registry.address("task", vm.task.pid)


def get_current_task_btf(vm: Machine) -> int:
    return vm.registry.address("task", vm.task.pid)


def get_current_cgroup_id(vm: Machine) -> int:
    return vm.task.cgroup_id


def get_current_ancestor_cgroup_id(vm: Machine, level: int) -> int:
    """Return the id of the cgroup at a level (0: the root), 0 below the task's own."""
    ancestors = (*vm.task.cgroup_ancestors, vm.task.cgroup_id)
    level &= U32
    return ancestors[level] if level < len(ancestors) else 0


def current_task_under_cgroup(vm: Machine, handle: int, index: int) -> int:
    """Return 1 if the task's cgroup is the one at `index` of a cgroup array, or below it."""
    m = map_at(vm, handle)
    index &= U32
    if index >= m.spec.max_entries:
        return -E2BIG
    id = int.from_bytes(m.lookup(index.to_bytes(4, "little")) or b"", "little")
    if not id:
        return -EAGAIN
    return int(id in (*vm.task.cgroup_ancestors, vm.task.cgroup_id))


# The hook.


def get_attach_cookie(vm: Machine, ctx: int) -> int:
    return vm.cookie


def get_func_ip(vm: Machine, ctx: int) -> int:
    return vm.task.func_ip


def _arguments(vm: Machine) -> int:
    """Return how many arguments the context of a tracing program holds; that of fexit has the result behind them."""
    code = vm.code
    has_result = code is not None and code.attach_type in (bpf.BPF_TRACE_FEXIT, bpf.BPF_MODIFY_RETURN)
    return vm.ctx_bytes // 8 - has_result


def get_func_arg(vm: Machine, ctx: int, n: int, out: int) -> int:
    if n & U32 >= _arguments(vm):
        return -EINVAL
    vm.memory.write(out, vm.memory.read(ctx + 8 * (n & U32), 8))
    return 0


def get_func_ret(vm: Machine, ctx: int, out: int) -> int:
    code = vm.code
    if code is None or code.attach_type not in (bpf.BPF_TRACE_FEXIT, bpf.BPF_MODIFY_RETURN):
        return -EOPNOTSUPP
    vm.memory.write(out, vm.memory.read(ctx + 8 * _arguments(vm), 8))
    return 0


def get_func_arg_cnt(vm: Machine, ctx: int) -> int:
    return _arguments(vm)


def get_retval(vm: Machine) -> int:
    return vm.retval


def set_retval(vm: Machine, value: int) -> int:
    vm.retval = value & U64
    return 0


def send_signal(vm: Machine, signal: int) -> int:
    """Send a signal to the task's process."""
    return vm.task.send_signal(vm.task.tgid, signal & U32)


def send_signal_thread(vm: Machine, signal: int) -> int:
    """Send a signal to the task itself."""
    return vm.task.send_signal(vm.task.pid, signal & U32)


# Stacks. Source: kernel/bpf/stackmap.c (Linux 6.18).


def get_stackid(vm: Machine, ctx: int, handle: int, flags: int) -> int:
    from ..mapkinds.perf import StackTraceMap

    m = map_at(vm, handle)
    if not isinstance(m, StackTraceMap):
        raise ExecutionError(f"map {m.spec.name!r} holds no stack traces")
    known = bpf.BPF_F_SKIP_FIELD_MASK | bpf.BPF_F_USER_STACK | bpf.BPF_F_FAST_STACK_CMP | bpf.BPF_F_REUSE_STACKID
    if flags & ~known:
        return -EINVAL
    skip = flags & bpf.BPF_F_SKIP_FIELD_MASK
    frames = vm.task.stack(bool(flags & bpf.BPF_F_USER_STACK))
    if len(frames) <= skip:
        return -EFAULT
    return m.remember(frames[skip:], flags)


def _stack(vm: Machine, buf: int, size: int, flags: int) -> int:
    """Store the addresses of the callers; return how many bytes that are. The rest of the buffer becomes zero."""
    out = vm.memory.window(buf, size & U32)
    out[:] = bytes(len(out))
    known = bpf.BPF_F_SKIP_FIELD_MASK | bpf.BPF_F_USER_STACK | bpf.BPF_F_USER_BUILD_ID
    if flags & ~known or flags & bpf.BPF_F_USER_BUILD_ID or len(out) % 8:
        return -EINVAL
    skip = flags & bpf.BPF_F_SKIP_FIELD_MASK
    frames = vm.task.stack(bool(flags & bpf.BPF_F_USER_STACK))
    if not frames or len(frames) < skip:
        return -EFAULT
    found = frames[skip : skip + len(out) // 8]
    out[: 8 * len(found)] = b"".join(ip.to_bytes(8, "little") for ip in found)
    return 8 * len(found)


def get_stack(vm: Machine, ctx: int, buf: int, size: int, flags: int) -> int:
    return _stack(vm, buf, size, flags)


def get_task_stack(vm: Machine, task: int, buf: int, size: int, flags: int) -> int:
    if vm.registry.id_at("task", task) != vm.task.pid:
        return -EFAULT
    return _stack(vm, buf, size, flags)
