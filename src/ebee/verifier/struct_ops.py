"""Programs that are functions of a kernel's struct: what they take, and what they may write.

Source: kernel/bpf/verifier.c: check_struct_ops_btf_id(); net/ipv4/bpf_tcp_ca.c: bpf_tcp_ca_is_valid_access(),
bpf_tcp_ca_btf_struct_access(), bpf_tcp_ca_get_func_proto(); net/bpf/bpf_dummy_struct_ops.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_FUNC, BTF_KIND_PTR, BTF_KIND_STRUCT
from .contexts import BtfContext, Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from .contexts import Field
    from .explore import Verifier

TCP = "tcp_congestion_ops"
# Fields of a struct that programs may write, in whichever struct they lie; all of it where there are none.
_WRITABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "tcp_sock": (
        ("sock", "sk_pacing_rate"), ("sock", "sk_pacing_status"), ("inet_connection_sock", "icsk_ca_priv"),
        ("inet_connection_sock", "icsk_ack.pending"), ("tcp_sock", "snd_cwnd"), ("tcp_sock", "snd_cwnd_cnt"),
        ("tcp_sock", "snd_cwnd_stamp"), ("tcp_sock", "snd_ssthresh"), ("tcp_sock", "ecn_flags"),
        ("tcp_sock", "app_limited"),
    ),
    "bpf_dummy_ops_state": (),
}  # fmt: skip
_UNSUPPORTED = ("tcp_congestion_ops.get_info",)
_MAY_SLEEP = {"bpf_dummy_ops": ("test_sleepable",)}  # members, of structs that not all of may


class _TcpContext(Context):
    """Arguments of which every `struct sock` is a `struct tcp_sock`."""

    __slots__ = ("_inner", "_tcp_sock")

    def __init__(self, inner: Context, tcp_sock: BtfType | None) -> None:
        self._inner, self._tcp_sock = inner, tcp_sock

    def access(self, off: int, size: int, is_write: bool) -> Field | None:
        found = self._inner.access(off, size, is_write)
        if found is None or found.type is None or found.type.name != "sock":
            return found
        tcp: Field = found.replace(of="tcp_sock", type=self._tcp_sock)
        return tcp


def prototype_of(btf: Btf, attach_to: str) -> BtfType | None:
    """Return the FUNC_PROTO of a member (`struct.member`) that is a function."""
    name, _, wanted = attach_to.partition(".")
    struct = btf.by_name(name, BTF_KIND_STRUCT)
    member = next((m for m in struct.members if m.name == wanted), None) if struct is not None else None
    pointer = btf.resolve(member.type_id) if member is not None else None
    return btf.resolve(pointer.type_id) if pointer is not None and pointer.kind == BTF_KIND_PTR else None


def context_of(btf: Btf, attach_to: str) -> Context:
    """Return what a function of a struct takes."""
    proto = prototype_of(btf, attach_to)
    if proto is None:
        return Context()
    stub = btf.by_name(attach_to.replace(".", "__"), BTF_KIND_FUNC)  # its parameters say which may be null
    params = enumerate(btf.by_id(stub.type_id).params if stub is not None else ())
    marks = " ".join(f"{n}?" for n, (parameter, _) in params if parameter.endswith("__nullable"))
    context = BtfContext(btf, proto.params, trusted=True, marks=marks)
    if attach_to.startswith(f"{TCP}."):
        return _TcpContext(context, btf.by_name("tcp_sock", BTF_KIND_STRUCT))
    return context


def check(v: Verifier) -> None:
    """Refuse what the kernel does not let programs be. Raises: Refusal."""
    if not v.program.is_gpl:
        raise v.refuse("helper_gpl", "struct ops programs must have a GPL compatible license")
    attach_to = v.setting.attach_to
    struct, _, member = attach_to.partition(".")
    if attach_to in _UNSUPPORTED or (v.program.may_sleep and member not in _MAY_SLEEP.get(struct, (member,))):
        raise v.refuse("attach_target", f"attach to unsupported member {member} of struct {struct}")


def may_write(struct: BtfType, off: int, size: int) -> bool:
    """Tell if programs may write there in a kernel's struct."""
    fields = _WRITABLE.get(struct.name)
    if not fields:
        return fields is not None and off + size <= struct.size_bytes
    for owner, field in fields:
        outer = struct.btf.by_name(owner, BTF_KIND_STRUCT)
        if outer is None:
            continue
        at = 0
        for name in field.split("."):
            member = next((m for m in outer.members if m.name == name), None)
            if member is None:
                break
            at += member.bit_off // 8
            outer, length = struct.btf.resolve(member.type_id), struct.btf.sizeof(member.type_id)
        else:
            if at <= off and off + size <= at + length:
                return True
    return False
