"""Links that are in the kernel, whoever made them: what they attach, and where, in words."""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import EbeeError, NotSupported, SyscallError, UsageError
from ..sys import bpf, objects
from .live_programs import Program
from .objects import LiveObject, Map, attach_type_names, btf_of_id, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Fields = dict[str, Any]

_EINVAL, _EPERM, _ENOLINK = 22, 1, 67
_PF = {2: "ip", 10: "ip6"}
_NF_HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
_ITER_ORDERS = {number: name for name, number in vars(abi).items() if name.startswith("BPF_CGROUP_ITER_")}


class Link(LiveObject):
    """A link in the kernel, whoever made it: a program that is attached to something."""

    kind = "link"
    _next_id, _fd_by_id = abi.BPF_LINK_GET_NEXT_ID, abi.BPF_LINK_GET_FD_BY_ID

    def info(self) -> objects.Info:
        """Return what the kernel says of it now. Raises: SyscallError."""
        return objects.link_info(self.fd.number)

    @property
    def type(self) -> str:
        """The kind of link, as libbpf has it: `raw_tracepoint`, `tcx`, `uprobe_multi`."""
        number = self.cached()["type"]
        return names_of("BPF_LINK_TYPE_").get(number, f"type {number}")

    @property
    def prog_id(self) -> int:
        """The id of the program that it holds now; 0 for struct_ops."""
        return self.info()["prog_id"]

    def program(self) -> Program:
        """Open the program that it holds now. Raises: UsageError, PermissionMissing."""
        return Program.from_id(self.prog_id)

    def fields(self) -> Fields:
        """Return what the kernel says of its kind of link, under bpftool's names where it has them."""
        info = self.info()
        reader = _READERS.get(info["type"])
        if reader is None:
            return {}
        fields = reader(info)
        if info["type"] == abi.BPF_LINK_TYPE_TRACING:
            with Program.from_id(info["prog_id"]) as program:
                fields |= _traced(program, fields)
        return fields

    def target(self) -> str:
        """Return in words what it is attached to: `eth0 ingress`, `vfs_read+0x10`, `libc.so.6:malloc`."""
        return target_of(self.type, self.fields())

    def update(self, program: Program, old: Program | None = None) -> None:
        """Put another program of the same kind in place, at once; given `old`, only if that is in place now.

        Raises: UsageError if it is not, or of another kind, NotSupported for links that cannot, SyscallError.
        """
        try:
            objects.link_update(self.fd.number, program.fd.number, None if old is None else old.fd.number)
        except SyscallError as e:
            raise self._explained(e, "another program in it", f"{program!r} cannot take the place of") from None

    def detach(self) -> None:
        """Take the program off; the link stays, and does nothing any more. Raises: NotSupported, SyscallError.

        Of kprobes, tracepoints and others the kernel can only do that by closing all who hold the link.
        """
        try:
            objects.link_detach(self.fd.number)
        except SyscallError as e:
            raise self._explained(e, "detaching it while it is held open", "") from None

    def _explained(self, e: SyscallError, what: str, wrong: str) -> Exception:
        if e.errno in (bpf.EOPNOTSUPP, bpf.ENOTSUPP):
            return NotSupported(f"a {self.type} link: {what}")
        if e.errno == _EPERM and wrong:
            return UsageError(f"link {self.id} holds another program than the one that was to be replaced")
        if e.errno == _ENOLINK:
            return UsageError(f"link {self.id} is detached")
        if e.errno == _EINVAL and wrong:
            return UsageError(f"{wrong} program {self.prog_id}: it is of another kind, or made for another hook")
        return e


def _attach_type(number: int) -> str:
    return attach_type_names().get(number, f"type {number}")


def _raw_tracepoint(info: objects.Info) -> Fields:
    return {"tp_name": info.text("raw_tracepoint.tp_name"), "cookie": info["raw_tracepoint.cookie"]}


def _tracing(info: objects.Info) -> Fields:
    names = ("target_obj_id", "target_btf_id", "cookie")
    return {"attach_type": _attach_type(info["tracing.attach_type"]), **{n: info[f"tracing.{n}"] for n in names}}


def _cgroup(info: objects.Info) -> Fields:
    return {"cgroup_id": info["cgroup.cgroup_id"], "attach_type": _attach_type(info["cgroup.attach_type"])}


def _iter(info: objects.Info) -> Fields:
    fields: Fields = {"target_name": info.text("iter.target_name")}
    name = fields["target_name"]
    if name in ("bpf_map_elem", "bpf_sk_storage_map", "sockmap"):
        fields["map_id"] = info["iter.map.map_id"]
    elif name == "cgroup":
        fields["cgroup_id"] = info["iter.cgroup.cgroup_id"]
        fields["order"] = _ITER_ORDERS.get(info["iter.cgroup.order"], "").removeprefix("BPF_CGROUP_ITER_").lower()
    elif name.startswith("task"):
        fields |= {n: info[f"iter.task.{n}"] for n in ("tid", "pid") if info[f"iter.task.{n}"]}
    return fields


def _netns(info: objects.Info) -> Fields:
    return {"netns_ino": info["netns.netns_ino"], "attach_type": _attach_type(info["netns.attach_type"])}


def _device(ifindex: int) -> Fields:
    from _socket import if_indextoname

    try:
        return {"devname": if_indextoname(ifindex), "ifindex": ifindex}
    except OSError:  # of another network namespace, or gone
        return {"devname": "", "ifindex": ifindex}


def _on_device(prefix: str) -> Callable[[objects.Info], Fields]:
    def read(info: objects.Info) -> Fields:
        return {**_device(info[f"{prefix}.ifindex"]), "attach_type": _attach_type(info[f"{prefix}.attach_type"])}

    return read


def _netfilter(info: objects.Info) -> Fields:
    priority = info["netfilter.priority"]
    return {
        "pf": info["netfilter.pf"], "hook": info["netfilter.hooknum"],
        "prio": priority - (priority >> 31 << 32), "flags": info["netfilter.flags"],
    }  # fmt: skip


def _kprobe_multi(info: objects.Info) -> Fields:
    from ..symbols.kernel import kernel_symbol

    addresses = info.numbers("kprobe_multi.addrs", 8)
    cookies = info.numbers("kprobe_multi.cookies", 8) or [0] * len(addresses)
    return {
        "retprobe": bool(info["kprobe_multi.flags"] & abi.BPF_F_KPROBE_MULTI_RETURN),
        "func_cnt": info["kprobe_multi.count"],
        "missed": info["kprobe_multi.missed"],
        "funcs": [
            {"addr": address, "func": kernel_symbol(address) if address else "", "cookie": cookie}
            for address, cookie in zip(addresses, cookies)
        ],
    }


def _uprobe_multi(info: objects.Info) -> Fields:
    offsets = info.numbers("uprobe_multi.offsets", 8)
    counters = info.numbers("uprobe_multi.ref_ctr_offsets", 8) or [0] * len(offsets)
    cookies = info.numbers("uprobe_multi.cookies", 8) or [0] * len(offsets)
    return {
        "retprobe": bool(info["uprobe_multi.flags"] & abi.BPF_F_UPROBE_MULTI_RETURN),
        "path": info.text("uprobe_multi.path"),
        "func_cnt": info["uprobe_multi.count"],
        "pid": info["uprobe_multi.pid"],
        "funcs": [
            {"offset": off, "ref_ctr_offset": counter, "cookie": cookie}
            for off, counter, cookie in zip(offsets, counters, cookies)
        ],
    }


_EVENT_TYPES = {0: "hardware", 1: "software", 2: "tracepoint", 3: "hw-cache", 4: "raw", 5: "breakpoint"}


def _perf_event(info: objects.Info) -> Fields:
    kind = info["perf_event.type"]
    if kind in (abi.BPF_PERF_EVENT_KPROBE, abi.BPF_PERF_EVENT_KRETPROBE):
        place = "perf_event.kprobe"
        return {
            "retprobe": kind == abi.BPF_PERF_EVENT_KRETPROBE, "addr": info[f"{place}.addr"],
            "func": info.text(f"{place}.func_name"), "offset": info[f"{place}.offset"],
            "missed": info[f"{place}.missed"], "cookie": info[f"{place}.cookie"],
        }  # fmt: skip
    if kind in (abi.BPF_PERF_EVENT_UPROBE, abi.BPF_PERF_EVENT_URETPROBE):
        place = "perf_event.uprobe"
        return {
            "retprobe": kind == abi.BPF_PERF_EVENT_URETPROBE, "file": info.text(f"{place}.file_name"),
            "offset": info[f"{place}.offset"], "cookie": info[f"{place}.cookie"],
            "ref_ctr_offset": info[f"{place}.ref_ctr_offset"],
        }  # fmt: skip
    if kind == abi.BPF_PERF_EVENT_TRACEPOINT:
        place = "perf_event.tracepoint"
        return {"tracepoint": info.text(f"{place}.tp_name"), "cookie": info[f"{place}.cookie"]}
    if kind == abi.BPF_PERF_EVENT_EVENT:
        number, config = info["perf_event.event.type"], info["perf_event.event.config"]
        return {
            "event_type": _EVENT_TYPES.get(number, number), "event_config": _event_name(number, config),
            "cookie": info["perf_event.event.cookie"],
        }  # fmt: skip
    return {}


def _event_name(type: int, config: int) -> str | int:
    from ..abi.perf_events import EVENTS

    return next((name for name, event in EVENTS.items() if event == (type, config)), config)


def _map_id(prefix: str) -> Callable[[objects.Info], Fields]:
    return lambda info: {"map_id": info[f"{prefix}.map_id"]}


def _sockmap(info: objects.Info) -> Fields:
    return {"map_id": info["sockmap.map_id"], "attach_type": _attach_type(info["sockmap.attach_type"])}


_READERS: dict[int, Callable[[objects.Info], Fields]] = {
    abi.BPF_LINK_TYPE_RAW_TRACEPOINT: _raw_tracepoint,
    abi.BPF_LINK_TYPE_TRACING: _tracing,
    abi.BPF_LINK_TYPE_CGROUP: _cgroup,
    abi.BPF_LINK_TYPE_ITER: _iter,
    abi.BPF_LINK_TYPE_NETNS: _netns,
    abi.BPF_LINK_TYPE_XDP: lambda info: _device(info["xdp.ifindex"]),
    abi.BPF_LINK_TYPE_TCX: _on_device("tcx"),
    abi.BPF_LINK_TYPE_NETKIT: _on_device("netkit"),
    abi.BPF_LINK_TYPE_NETFILTER: _netfilter,
    abi.BPF_LINK_TYPE_STRUCT_OPS: _map_id("struct_ops"),
    abi.BPF_LINK_TYPE_KPROBE_MULTI: _kprobe_multi,
    abi.BPF_LINK_TYPE_UPROBE_MULTI: _uprobe_multi,
    abi.BPF_LINK_TYPE_PERF_EVENT: _perf_event,
    abi.BPF_LINK_TYPE_SOCKMAP: _sockmap,
}


# -- in words ------------------------------------------------------------------------------------------------


def target_of(type: str, fields: Fields) -> str:
    """Return in words what a link of this type, with these fields, is attached to; empty if nobody can tell."""
    words = _WORDS.get(type)
    return "" if words is None else words(fields)


def _hook(fields: Fields) -> str:
    """Return the part of an attach type's name that says which hook: `tcx_ingress` is `ingress`."""
    name = str(fields["attach_type"])
    return name.partition("_")[2] if name.startswith(("tcx_", "netkit_", "cgroup_")) else name


def _device_words(fields: Fields) -> str:
    name = fields["devname"] or f"interface {fields['ifindex']}"
    return f"{name} {_hook(fields)}" if "attach_type" in fields else name


# What attach types of tracing links are called in sections.
_TRACED = {"modify_return": "fmod_ret", "lsm_mac": "lsm", "trace_fentry": "fentry", "trace_fexit": "fexit"}


def _traced(program: Program, fields: Fields) -> Fields:
    """Return what the ids of a tracing link lead to: the kind of hook, and the function's name from BTF."""
    kind = "freplace" if program.type == "ext" else _TRACED.get(fields["attach_type"], fields["attach_type"])
    more: Fields = {"prog_type": program.type, "hook": kind}
    object_id, type_id = fields["target_obj_id"], fields["target_btf_id"]
    try:
        if object_id == program.cached()["attach_btf_obj_id"]:
            btf = btf_of_id(object_id)
        else:
            with Program.from_id(object_id) as target:
                btf, more["target_prog"] = target.btf, target.name
        if btf is not None:
            more["target_name"] = btf.by_id(type_id).name.removeprefix("bpf_lsm_")
    except EbeeError:  # gone by now, or not to be read
        pass
    return more


def _tracing_words(fields: Fields) -> str:
    name = fields.get("target_name") or f"type {fields['target_btf_id']} of {fields['target_obj_id']}"
    whose = f" of program {fields['target_prog']}" if "target_prog" in fields else ""
    return f"{fields['hook']} {name}{whose}"


def _cgroup_words(fields: Fields) -> str:
    from ..sys.cgroups import cgroup_path

    where = cgroup_path(fields["cgroup_id"]) or f"cgroup {fields['cgroup_id']}"
    return f"{where} {_hook(fields)}"


def _netns_words(fields: Fields) -> str:
    from ..sys.cgroups import netns_name

    ino = fields["netns_ino"]
    return f"{netns_name(ino) or f'netns {ino}'} {_hook(fields)}"


def _iter_words(fields: Fields) -> str:
    more = "".join(f" {name} {value}" for name, value in fields.items() if name != "target_name")
    return str(fields["target_name"]) + more


def _netfilter_words(fields: Fields) -> str:
    hook = _NF_HOOKS[fields["hook"]] if fields["hook"] < len(_NF_HOOKS) else f"hook {fields['hook']}"
    defrag = " defrag" if fields["flags"] & abi.BPF_F_NETFILTER_IP_DEFRAG else ""
    return f"{_PF.get(fields['pf'], fields['pf'])} {hook} prio {fields['prio']}{defrag}"


def _kprobe_multi_words(fields: Fields) -> str:
    names = [row["func"] for row in fields["funcs"][:3] if row["func"]]
    more = fields["func_cnt"] - len(names)
    text = ", ".join(names) + (f" and {more} more" if names and more else "")
    return text or f"{fields['func_cnt']} functions"


def _uprobe_multi_words(fields: Fields) -> str:
    path, rows = fields["path"], fields["funcs"]
    names = ", ".join(_user_function(path, row["offset"]) for row in rows[:3])
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    pid = f" of process {fields['pid']}" if fields["pid"] else ""
    return f"{path}:{names}{more}{pid}"


def _user_function(path: str, off: int) -> str:
    """Return the function of a file that an offset lies in, as `malloc+0x10`, or the offset."""
    from ..symbols.elf_file import open_elf

    try:
        elf = open_elf(path)
        places = [(elf.file_offset(f.addr, is_code=True), f.name) for f in elf.functions()]
    except EbeeError:
        return f"{off:#x}"
    start = max((at for at, _ in places if at is not None and at <= off), default=None)
    if start is None:
        return f"{off:#x}"
    # Of several names of one function the public one.
    name = min((name for at, name in places if at == start), key=lambda name: (name.startswith("_"), name))
    return f"{name}+{off - start:#x}" if off > start else name


def _perf_event_words(fields: Fields) -> str:
    if "tracepoint" in fields:
        return f"tracepoint {fields['tracepoint']}"
    if "event_type" in fields:
        kind = fields["event_type"]  # a number: of a PMU of its own, as cpu-clock and task-clock become
        if kind == "breakpoint":  # of which the kernel does not tell the address
            return "breakpoint"
        return f"{kind if isinstance(kind, str) else f'PMU {kind}'} {fields['event_config']}"
    if "file" in fields:
        return f"{fields['file']}:{_user_function(fields['file'], fields['offset'])}"
    if "func" in fields:
        from ..symbols.kernel import kernel_symbol

        off = f"+{fields['offset']:#x}" if fields["offset"] else ""
        return f"{fields['func']}{off}" if fields["func"] else kernel_symbol(fields["addr"])
    return ""


def _map_words(fields: Fields) -> str:
    try:
        with Map.from_id(fields["map_id"]) as map:
            return f"map {map.id} {map.name}"
    except EbeeError:  # gone by now, or not to be read
        return f"map {fields['map_id']}"


_WORDS: dict[str, Callable[[Fields], str]] = {
    "raw_tracepoint": lambda fields: str(fields["tp_name"]),
    "tracing": _tracing_words,
    "cgroup": _cgroup_words,
    "iter": _iter_words,
    "netns": _netns_words,
    "xdp": _device_words,
    "tcx": _device_words,
    "netkit": _device_words,
    "netfilter": _netfilter_words,
    "struct_ops": _map_words,
    "kprobe_multi": _kprobe_multi_words,
    "uprobe_multi": _uprobe_multi_words,
    "perf_event": _perf_event_words,
    "sockmap": lambda fields: f"{_map_words(fields)} {_hook(fields)}",
}
