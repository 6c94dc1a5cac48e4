"""Every helper that can be called by its name, in programs of each kind that has it: the kernel's verifier takes it."""

import itertools
import sys

import pytest

from ebee.abi.helper_hooks import has_helper
from ebee.abi.helpers import HELPER_IDS
from ebee.api.source import compile_probes, remember_source
from ebee.pyfront.helpers import INSTEAD
from ebee.spec.sections import parse_section
from ebee.types.probes import Probe

pytestmark = pytest.mark.needs_kernel
_serial = itertools.count()

PRELUDE = """
import ebee
from ebee import *
from ebee.helpers import *

class Value(Struct):
    n: u64
    m: u64

class Buffer(Struct):
    data: bytes = Bytes(64)
    text: str = Str(16)
    n: u64
    m: u32

hashed = Hash(u32, u64)
structs = Hash(u32, Value)
percpu = PerCpuArray(Value, max_entries=4)
queue = Queue(u64, max_entries=8)
ring = RingBuf(Value)
sockets = SockMap(max_entries=4)
hashed_sockets = SockHash(u32, max_entries=4)
devices = DevMap(max_entries=4)
out = Array(u64, max_entries=2)
"""

# The arguments of each helper; `e` is a Buffer on the stack, `k` a number from 1 to 32 that is not known.
CALLS = {
    "map_update_elem": "hashed, 3, k, BPF_NOEXIST",
    "map_delete_elem": "hashed, k",
    "probe_read": "e.data, k, n",
    "ktime_get_ns": "",
    "trace_printk": "'n %d %d', 8, k, n",
    "get_prandom_u32": "",
    "get_smp_processor_id": "",
    "skb_store_bytes": "ctx, 0, e.data, k, 0",
    "l3_csum_replace": "ctx, 24, 1, 2, 2",
    "l4_csum_replace": "ctx, 24, 1, 2, BPF_F_PSEUDO_HDR | 2",
    "clone_redirect": "ctx, 1, 0",
    "get_current_pid_tgid": "",
    "get_current_uid_gid": "",
    "get_current_comm": "e.text, 16",
    "get_cgroup_classid": "ctx",
    "skb_vlan_push": "ctx, 0x8100, 5",
    "skb_vlan_pop": "ctx",
    "skb_get_tunnel_key": "ctx, e.data, 28, 0",
    "skb_set_tunnel_key": "ctx, e.data, 28, 0",
    "redirect": "1, 0",
    "get_route_realm": "ctx",
    "skb_load_bytes": "ctx, 0, e.data, k",
    "csum_diff": "None, 0, e.data, 8, 0",
    "skb_get_tunnel_opt": "ctx, e, 96",
    "skb_set_tunnel_opt": "ctx, e.data, k",
    "skb_change_proto": "ctx, 0x86dd, 0",
    "skb_change_type": "ctx, 0",
    "get_hash_recalc": "ctx",
    "get_current_task": "",
    "skb_change_tail": "ctx, 60, 0",
    "skb_pull_data": "ctx, 0",
    "csum_update": "ctx, 5",
    "set_hash_invalid": "ctx",
    "get_numa_node_id": "",
    "skb_change_head": "ctx, 14, 0",
    "xdp_adjust_head": "ctx, -14",
    "probe_read_str": "e.text, 16, n",
    "get_socket_cookie": "ctx",
    "get_socket_uid": "ctx",
    "set_hash": "ctx, 5",
    "setsockopt": "ctx, 1, 2, e.data, 4",
    "skb_adjust_room": "ctx, 20, 0, 0",
    "redirect_map": "devices, 0, 2",
    "sk_redirect_map": "ctx, sockets, 0, 0",
    "sock_map_update": "ctx, sockets, 0, 0",
    "xdp_adjust_meta": "ctx, -8",
    "perf_prog_read_value": "ctx, e.data, 24",
    "getsockopt": "ctx, 1, 2, e.data, 4",
    "sock_ops_cb_flags_set": "ctx, 1",
    "msg_redirect_map": "ctx, sockets, 0, 0",
    "msg_apply_bytes": "ctx, k",
    "msg_cork_bytes": "ctx, k",
    "msg_pull_data": "ctx, 0, 8, 0",
    "bind": "ctx, e.data, 16",
    "xdp_adjust_tail": "ctx, -1",
    "skb_get_xfrm_state": "ctx, 0, e.data, 28, 0",
    "get_stack": "ctx, e.data, 64, BPF_F_USER_STACK",
    "skb_load_bytes_relative": "ctx, 0, e.data, 8, 1",
    "fib_lookup": "ctx, e.data, 64, 0",
    "sock_hash_update": "ctx, hashed_sockets, k, 0",
    "msg_redirect_hash": "ctx, hashed_sockets, k, 0",
    "sk_redirect_hash": "ctx, hashed_sockets, k, 0",
    "lwt_push_encap": "ctx, 0, e.data, 24",
    "lwt_seg6_store_bytes": "ctx, 8, e.data, 4",
    "lwt_seg6_adjust_srh": "ctx, 8, 8",
    "lwt_seg6_action": "ctx, 2, e.data, 16",
    "skb_cgroup_id": "ctx",
    "get_current_cgroup_id": "",
    "sk_select_reuseport": "ctx, sockets, k, 0",
    "skb_ancestor_cgroup_id": "ctx, 1",
    "map_push_elem": "queue, k, BPF_EXIST",
    "map_pop_elem": "queue, e.n",
    "map_peek_elem": "queue, e.n",
    "msg_push_data": "ctx, 0, 8, 0",
    "msg_pop_data": "ctx, 0, 8, 0",
    "skb_ecn_set_ce": "ctx",
    "sysctl_get_name": "ctx, e.text, 16, BPF_F_SYSCTL_BASE_NAME",
    "sysctl_get_current_value": "ctx, e.text, k % 16 + 1",
    "sysctl_get_new_value": "ctx, e.text, 16",
    "sysctl_set_new_value": "ctx, '1', 2",
    "strtol": "'-42', 4, 10, e.n",
    "strtoul": "e.text, 16, 0, e.n",
    "send_signal": "10",
    "probe_read_user": "e.data, k, n",
    "probe_read_kernel": "e, 64, n",
    "probe_read_user_str": "e.text, 16, n",
    "probe_read_kernel_str": "e.text, 16, n",
    "send_signal_thread": "10",
    "jiffies64": "",
    "read_branch_records": "ctx, None, 0, 1",
    "get_ns_current_pid_tgid": "1, 2, e.data, 8",
    "get_netns_cookie": "ctx",
    "get_current_ancestor_cgroup_id": "1",
    "ktime_get_boot_ns": "",
    "seq_printf": "ctx.seq, 'n %d', 5, e.n, 8",
    "seq_write": "ctx.seq, e, 96",
    "ringbuf_output": "ring, e, 16, BPF_RB_NO_WAKEUP",
    "ringbuf_query": "ring, BPF_RB_AVAIL_DATA",
    "csum_level": "ctx, 3",
    "get_task_stack": "bpf_get_current_task_btf(), e.data, 64, 0",
    "load_hdr_opt": "ctx, e.data, 8, 0",
    "store_hdr_opt": "ctx, e.data, 8, 0",
    "reserve_hdr_opt": "ctx, 8, 0",
    "copy_from_user": "e.data, k, n",
    "snprintf_btf": "e.text, 16, e.data, 16, 0",
    "seq_printf_btf": "ctx.seq, e.data, 16, 0",
    "skb_cgroup_classid": "ctx",
    "redirect_neigh": "1, None, 0, 0",
    "redirect_peer": "1, 0",
    "get_current_task_btf": "",
    "ktime_get_coarse_ns": "",
    "check_mtu": "ctx, 0, e.m, 0, 0",
    "snprintf": "e.text, 16, 'n %d', e.n, 8",
    "sys_bpf": "0, e.data, 64",
    "btf_find_by_name_kind": "'task_struct', 12, 4, 0",
    "sys_close": "100",
    "get_func_ip": "ctx",
    "get_attach_cookie": "ctx",
    "task_pt_regs": "bpf_get_current_task_btf()",
    "get_branch_snapshot": "e.data, 48, 0",
    "trace_vprintk": "'n %d', 5, e.n, 8",
    "kallsyms_lookup_name": "'bpf_fake', 9, 0, e.n",
    "strncmp": "e.text, 16, 'ls'",
    "get_func_arg": "ctx, 0, e.n",
    "get_func_ret": "ctx, e.n",
    "get_func_arg_cnt": "ctx",
    "get_retval": "",
    "set_retval": "-1",
    "xdp_get_buff_len": "ctx",
    "xdp_load_bytes": "ctx, 0, e.data, k",
    "xdp_store_bytes": "ctx, 0, e.data, k",
    "copy_from_user_task": "e.data, k, n, bpf_get_current_task_btf(), 0",
    "skb_set_tstamp": "ctx, 0, 0",
    "map_lookup_percpu_elem": "percpu, 0, 1",
    "tcp_raw_gen_syncookie_ipv4": "e.data, e, 20",
    "tcp_raw_gen_syncookie_ipv6": "e.data, e, 20",
    "tcp_raw_check_syncookie_ipv4": "e.data, e",
    "tcp_raw_check_syncookie_ipv6": "e.data, e",
    "ktime_get_tai_ns": "",
    "probe_write_user": "n, e.data, 8",
}
# Kinds of section with a decorator, and what a probe there returns.
HOOKS = {
    "tracepoint": ("tracepoint('sched:sched_switch')", 0),
    "raw_tracepoint": ("raw_tracepoint('sched_switch')", 0),
    "tp_btf": ("tp_btf('sched_switch')", 0),
    "iter": ("iter('task')", 0),
    "syscall": ("syscall_program", 0),
    "xdp": ("xdp", 2),
    "tcx/ingress": ("tc('ingress')", 0),
    "cgroup_skb/ingress": ("cgroup_skb('ingress')", 1),
    "cgroup/sock_create": ("cgroup_sock('create')", 1),
    "cgroup/connect4": ("cgroup_sock_addr('connect4')", 1),
    "cgroup/getsockopt": ("sockopt('get')", 1),
    "cgroup/setsockopt": ("sockopt('set')", 1),
    "cgroup/sysctl": ("sysctl()", 1),
    "cgroup/dev": ("cgroup_device()", 1),
    "sockops": ("sock_ops()", 1),
    "sk_lookup": ("sk_lookup()", 1),
    "sk_msg": ("sk_msg", 1),
    "sk_skb/stream_verdict": ("sk_skb('stream_verdict')", 1),
    "sk_reuseport": ("sk_reuseport()", 1),
    "netfilter": ("netfilter('input')", 1),
    "flow_dissector": ("flow_dissector()", 0),
    "socket": ("socket_filter", 0),
    "lwt_in": ("lwt('in')", 0),
    "lwt_xmit": ("lwt('xmit')", 0),
    "lwt_seg6local": ("lwt('seg6local')", 0),
}
# What this test gives no arguments for: maps and objects that only some hooks have; see the other tests.
ELSEWHERE = {
    name for name in HELPER_IDS
    if name.startswith("skc_to_") or "storage" in name or "perf_event" in name or "sk_cgroup" in name
    or "sk_ancestor" in name or "under_cgroup" in name or "ima_" in name or "rc_" in name
} | {
    "get_stackid", "override_return", "skb_output", "xdp_output", "sock_from_file", "d_path", "bprm_opts_set",
    "tcp_check_syncookie", "tcp_gen_syncookie", "tcp_send_ack", "sk_assign", "sk_fullsock", "tcp_sock",
    "get_listener_sock", "sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp",
}  # fmt: skip
ELSEWHERE -= INSTEAD.keys()


def probes_of(section, names):
    decorator, result = HOOKS[section]
    text = PRELUDE
    for name in names:
        annotation = ": Value" if section == "syscall" else ""
        call = f"bpf_{name}({CALLS[name]})"
        text += f"\n\n@ebee.{decorator}\ndef p_{name}(ctx{annotation}):\n    e = Buffer(n=7)\n    n = bpf_ktime_get_ns()\n"
        text += "    k = n % 32 + 1\n"
        if name in ("get_current_task_btf", "map_lookup_percpu_elem"):
            text += f"    r = {call}\n    if r is not None:\n        out[0] = r.{'pid' if 'task' in name else 'n'} & 0xffff\n"
        elif name in ("set_hash_invalid", "task_pt_regs"):
            text += f"    {call}\n"
        else:
            text += f"    out[0] = u64({call})\n    out[1] = e.n\n"
        text += f"    return {result}\n"
    file = f"<helpers {next(_serial)}>"
    remember_source(file, text)
    module = sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), module.__dict__)
    return [getattr(module, f"p_{name}") for name in names]


def without(kind):
    """The helpers that take an object of the kernel's there; and one that this kernel may not have."""
    typed = {"get_socket_cookie", "xdp_get_buff_len"} if kind in ("tp_btf", "iter", "syscall", "sk_reuseport") else set()
    return typed | {"probe_write_user"} | ({"setsockopt", "getsockopt"} if kind.endswith("sockopt") else set())


def test_every_helper_is_somewhere():
    assert set(CALLS) | ELSEWHERE | INSTEAD.keys() == set(HELPER_IDS)
    assert not (CALLS.keys() | ELSEWHERE) & INSTEAD.keys()


@pytest.mark.parametrize("section", HOOKS)
def test_the_verifier_takes_each(section):
    from ebee.kernel.backend import KernelBackend

    kind = parse_section(section).kind
    names = [name for name in CALLS if has_helper(kind, name) and name not in without(kind)]
    backend = KernelBackend()
    try:
        spec, _decls = compile_probes(probes_of(section, names), backend.target)
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        refused = {}
        for name in names:
            try:
                backend.load_program(spec.programs[f"p_{name}"], spec, maps)
            except Exception as e:
                refused[name] = str(e)[:400]
        assert not refused
        assert names
    finally:
        backend.close()


TYPED = """
events = PerfEventArray(Value)
stacks = StackTrace(depth=16)
of_tasks = TaskStorage(Value)
of_sockets = SkStorage(Value)


@ebee.raw_tracepoint("sched_switch")
def kinds(ctx):
    e = Buffer()
    out[0] = u64(bpf_perf_event_output(ctx, events, BPF_F_CURRENT_CPU, e, 16))
    out[1] = u64(bpf_get_stackid(ctx, stacks, 0))
    bpf_perf_event_read_value(events, BPF_F_CURRENT_CPU, e, 24)


@ebee.tp_btf("kfree_skb")
def packets(ctx, skb):
    e = Buffer()
    bpf_skb_output(ctx.args[0], events, BPF_F_CURRENT_CPU, e, 16)


@ebee.tp_btf("inet_sock_set_state")
def storage(sk):
    v = bpf_sk_storage_get(of_sockets, sk, None, BPF_SK_STORAGE_GET_F_CREATE)
    if v is not None:
        v.n += 1
    w = bpf_task_storage_get(of_tasks, bpf_get_current_task_btf(), Value(n=5), BPF_LOCAL_STORAGE_GET_F_CREATE)
    if w is not None:
        w.m += 1
    out[0] = u64(bpf_task_storage_delete(of_tasks, bpf_get_current_task_btf()))


@ebee.tp_btf("inet_sock_set_state")
def socket(ctx, sk):
    out[0] = bpf_get_socket_cookie(sk)
    tcp = bpf_skc_to_tcp_sock(sk)
    if tcp is not None:
        out[1] = tcp.snd_cwnd
        out[0] = bpf_get_socket_cookie(tcp)


@ebee.tp_btf("sched_switch")
def tasks(prev, next):
    e = Buffer()
    out[0] = u64(bpf_get_task_stack(next, e.data, 64, 0))
    me = bpf_get_current_task_btf()
    out[1] = u64(me.pid) + bpf_task_pt_regs(prev).ip


@ebee.iter("task_file")
def names(ctx, file):
    e = Buffer()
    if file is not None:
        n = bpf_d_path(file.f_path, e.data, 64)
        if n > 0:
            bpf_seq_write(ctx.seq, e, 96)
        sock = bpf_sock_from_file(file)
        if sock is not None:
            out[0] = sock.state
"""


def test_objects_of_the_kernel():
    from ebee.kernel.backend import KernelBackend

    file = "<helpers typed>"
    remember_source(file, PRELUDE + TYPED)
    module = sys.modules[file] = type(sys)(file)
    exec(compile(PRELUDE + TYPED, file, "exec"), module.__dict__)
    backend = KernelBackend()
    try:
        for probe in (v for v in vars(module).values() if isinstance(v, Probe)):
            spec, _decls = compile_probes([probe], backend.target)
            maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
            backend.load_program(next(iter(spec.programs.values())), spec, maps)
    finally:
        backend.close()
