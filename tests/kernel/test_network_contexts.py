"""Every hook of the network: what its table says of its context is what the kernel's verifier accepts."""

from __future__ import annotations

import itertools
import sys

import pytest

import ebee
from ebee.api.source import compile_probes, remember_source
from ebee.errors import UsageError, VerifierError
from ebee.types.net_hooks import NET_HOOKS, context_fields, context_pointers
from ebee.types.probes import Probe

pytestmark = pytest.mark.needs_kernel
_serial = itertools.count()

DECORATORS = {
    "xdp": "xdp", "xdp.frags": "xdp(frags=True)", "tcx/ingress": "tc('ingress')", "tcx/egress": "tc('egress')",
    "netkit/primary": "netkit()", "netkit/peer": "netkit('peer')", "socket": "socket_filter",
    "cgroup_skb/ingress": "cgroup_skb('ingress')", "cgroup_skb/egress": "cgroup_skb('egress')",
    "cgroup/sock_create": "cgroup_sock('create')", "cgroup/sock_release": "cgroup_sock('release')",
    "cgroup/post_bind4": "cgroup_sock('post_bind4')", "cgroup/post_bind6": "cgroup_sock('post_bind6')",
    "cgroup/getsockopt": "sockopt('get')", "cgroup/setsockopt": "sockopt('set')", "cgroup/sysctl": "sysctl()",
    "cgroup/dev": "cgroup_device()", "sockops": "sock_ops()", "sk_lookup": "sk_lookup()", "sk_msg": "sk_msg",
    "sk_skb/stream_parser": "sk_skb('parser')", "sk_skb/stream_verdict": "sk_skb('stream_verdict')",
    "sk_skb/verdict": "sk_skb('verdict')", "sk_reuseport": "sk_reuseport()",
    "sk_reuseport/migrate": "sk_reuseport(migrate=True)", "flow_dissector": "flow_dissector()",
    "netfilter": "netfilter('input')", **{f"lwt_{way}": f"lwt('{way}')" for way in ("in", "out", "xmit", "seg6local")},
    **{
        f"cgroup/{call}{family}": f"cgroup_sock_addr('{call}{family}')"
        for call in ("bind", "connect", "sendmsg", "recvmsg", "getpeername", "getsockname")
        for family in ("4", "6", "_unix")
        if f"{call}{family}" != "bind_unix"
    },
}  # fmt: skip


def probe_of(decorator, body, before=""):
    """Return the probe of a source text."""
    file = f"<network {next(_serial)}>"
    text = f"import ebee\nout = ebee.Array(ebee.u64, max_entries=64)\n{before}@ebee.{decorator}\ndef probe(it):\n    {body}\n"
    remember_source(file, text)
    sys.modules[file] = type(sys)(file)
    names = vars(sys.modules[file])
    exec(compile(text, file, "exec"), names)
    return names["probe"]


def load(backend, probe):
    spec, _ = compile_probes([probe], backend.target)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    return backend.load_program(spec.programs["probe"], spec, maps)


def test_there_is_a_decorator_for_every_hook():
    assert DECORATORS.keys() == NET_HOOKS.keys() | {"xdp.frags"}
    for section, decorator in DECORATORS.items():
        probe = probe_of(decorator, "return 1")
        assert isinstance(probe, Probe) and probe.section == section


@pytest.mark.parametrize("section", DECORATORS)
def test_the_kernel_takes_every_field(backend, section):
    """All that may be read is read and written to a map, and all that may be written is."""
    kind = section.replace("xdp.frags", "xdp")
    fields, lines = context_fields(kind), []
    for name, field in fields.items():
        if field.count == 4 and field.swap_bytes:
            parts = [f"it.{name}_hi", f"it.{name}_lo"]
        elif field.count > 1:
            parts = [f"it.{name}[{n}]" for n in range(field.count)]
        else:
            parts = [f"it.{name}"]
        for part in parts:
            lines.append(f"out[{len(lines)}] = ebee.u64({part})")
            if field.is_writable:
                lines.append(f"{part} = {part}")
                lines.append(f"{part} = 1")
    for name, (_, struct) in context_pointers(kind).items():
        member = {"nf_hook_state": "hook", "sk_buff": "len"}[struct]
        lines.append(f"out[{len(lines)}] = ebee.u64(it.{name}.{member})")
    hook = NET_HOOKS[kind]
    if hook.start in ("link", "network"):
        lines += ["if it.tcp:", "    out[1] += it.tcp.dport", "if it.payload:", "    out[2] += it.payload[0]"]
    if hook.has_task:
        lines += ["out[3] = ebee.pid() + ebee.uid()"]
    load(backend, probe_of(DECORATORS[section], "\n    ".join([*lines, f"return {max(hook.low, min(hook.high, 1))}"])))


@pytest.mark.parametrize("section", [s for s in DECORATORS if s != "xdp.frags"])
def test_results_are_the_kernels(backend, section):
    """The least and the greatest result load; where the kernel checks, what lies beyond does not."""
    hook = NET_HOOKS[section]
    for result in (hook.low, hook.high):
        load(backend, probe_of(DECORATORS[section], f"return {result}"))
    if hook.is_checked:
        spec, _ = compile_probes([probe_of(DECORATORS[section], f"return {hook.low}")], backend.target)
        program = spec.programs["probe"]
        for beyond in (hook.low - 1, hook.high + 1):
            program.insns[0].imm = beyond
            with pytest.raises(VerifierError):
                backend.load_program(program, spec, {})


def test_refusals_of_the_decorators():
    for wrong in ("tc('in')", "netkit('both')", "cgroup_sock_addr('bind_unix')", "sockopt('put')", "lwt('up')"):
        with pytest.raises(UsageError, match="does not take"):
            probe_of(wrong, "return 1")
    with pytest.raises(UsageError, match="is for functions"):
        ebee.sk_msg(5)


def test_where_a_probe_goes_must_be_said_and_mean_something():
    with ebee.Session(backend="kernel") as session:
        for decorator, hint in (
            ("xdp", "interface='eth0'"), ("tc('egress')", "interface="), ("sock_ops()", "cgroup="),
            ("sk_msg", "map=sockets"), ("sk_reuseport()", "socket=s"), ("lwt('in')", "route="),
        ):  # fmt: skip
            with pytest.raises(UsageError, match=r"should probe (look|act|see)") as caught:
                session.attach(probe_of(decorator, "return 1"))
            assert hint in caught.value.hint
        lookup = probe_of("sk_lookup()", "return 1")
        for given in ({"interface": "lo"}, {"cgroup": "/"}, {"socket": 1}, {"map": ebee.SockMap(max_entries=1)}):
            with pytest.raises(UsageError, match=rf"{next(iter(given))}= is for .* probes, and there is none"):
                session.attach(lookup, **given)
        with pytest.raises(UsageError, match="no probe of this session uses"):
            session.attach(probe_of("sk_msg", "return 1"), map=ebee.SockMap(max_entries=1))
        with pytest.raises(UsageError, match="there is no hook 'outside'"):
            session._test_backend().attach(
                load(session._test_backend(), probe_of("netfilter('input')", "return 1")), ebee_options(hook="outside")
            )
        with pytest.raises(UsageError, match="before packets are put together"):
            session.attach(probe_of("netfilter('input', -400, defrag=True)", "return 1"))


def ebee_options(**given):
    from ebee.spec.backend import AttachOptions

    return AttachOptions(**given)


@pytest.mark.parametrize("section", [s for s in DECORATORS if NET_HOOKS[s.replace("xdp.frags", "xdp")].start])
def test_own_headers_by_their_place(backend, section):
    """Wherever a hook's packet begins: a declared header is found, and one behind it; without packets there are none."""
    lines = [
        "class PAIR(ebee.Header):", "    one: ebee.u16", "    two: ebee.u32",
        "first = it.header(PAIR, at=len(it) & 7)", "second = it.header(PAIR, after=first)",
        "if second and second.one == 5:", "    out[0] = second.two",
        f"return {max(NET_HOOKS[section.replace('xdp.frags', 'xdp')].low, 0)}",
    ]  # fmt: skip
    probe = probe_of(DECORATORS[section], "\n    ".join(lines[3:]), "\n".join(lines[:3]) + "\n")
    load(backend, probe)
