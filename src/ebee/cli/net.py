"""`ebee net`: the programs on the interfaces, and in the network namespace, that this command runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .columns import AS_JSON, SETTINGS, completes, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.group("net", context_settings=SETTINGS)
def net() -> None:
    """Programs on network interfaces and in the network namespace that this command runs in."""


def _on_interfaces(only: str | None) -> dict[str, list[dict[str, Any]]]:
    from _socket import if_nameindex

    from ..errors import SyscallError
    from ..kernel.xdp_chain import programs_in_order
    from ..sys import netlink
    from ..sys.netdev import interface_index

    wanted = {interface_index(only): only} if only else dict(if_nameindex())
    try:
        xdp = [
            {"devname": row.interface, "ifindex": row.ifindex, "mode": row.mode, "id": prog_id}
            for row in netlink.xdp_programs()
            if row.ifindex in wanted
            for prog_id in programs_in_order(row.prog_id)
        ]
        tc: list[dict[str, Any]] = []
        for index, name in wanted.items():
            tc += _in_order(index, name)
            tc += [
                {"devname": name, "ifindex": index, "kind": f"clsact/{row.hook}", "name": row.name,
                 "prog_id": row.prog_id, "priority": row.priority, "handle": row.handle}
                for row in netlink.tc_filters(index)
            ]  # fmt: skip
    except OSError as e:
        raise SyscallError("rtnetlink", e.errno or 0) from None
    return {"xdp": xdp, "tc": tc}


def _in_order(index: int, name: str) -> Iterator[dict[str, Any]]:
    """Yield what tcx and netkit run on an interface, in that order."""
    from ..abi import bpf as abi
    from ..errors import SyscallError
    from ..kernel.objects import attach_type_names
    from ..sys.objects import prog_query

    for attach_type in (abi.BPF_TCX_INGRESS, abi.BPF_TCX_EGRESS, abi.BPF_NETKIT_PRIMARY, abi.BPF_NETKIT_PEER):
        try:
            found = prog_query(index, attach_type, links=True)
        except SyscallError as e:
            if e.errno == 1:
                raise
            continue  # an interface of another kind, or a kernel without
        kind = attach_type_names()[attach_type].replace("_", "/")
        for attached in found.programs:
            row = {"devname": name, "ifindex": index, "kind": kind, "prog_id": attached.prog_id}
            yield row | ({"link_id": attached.link_id} if attached.link_id else {})


def _in_namespace() -> dict[str, list[dict[str, Any]]]:
    from ..abi import bpf as abi
    from ..errors import SyscallError
    from ..kernel.live_links import Link, target_of
    from ..sys.cgroups import open_netns
    from ..sys.objects import prog_query

    found: dict[str, list[dict[str, Any]]] = {}
    with open_netns() as netns:
        for name, number in (("flow_dissector", abi.BPF_FLOW_DISSECTOR), ("sk_lookup", abi.BPF_SK_LOOKUP)):
            try:
                found[name] = [{"id": attached.prog_id} for attached in prog_query(netns.number, number).programs]
            except SyscallError:
                found[name] = []  # a kernel without
    found["netfilter"] = []
    for link in Link.all():
        with link:
            if link.type == "netfilter":
                fields = link.fields()
                row = {"id": link.prog_id, "link_id": link.id, **fields, "target": target_of("netfilter", fields)}
                found["netfilter"].append(row)
    return found


@net.command("list")
@click.argument("interface", required=False)
@AS_JSON
def list_(interface: str | None, as_json: bool) -> int:
    """Show the programs on an interface, or on all; XDP, tcx, netkit and classic tc, in the order in which they run.

    Netfilter's programs are those of all network namespaces: the kernel does not tell which.
    """
    from .link import program_name

    found = _on_interfaces(interface)
    if interface is None:
        found |= _in_namespace()
    if as_json:
        print_json([found])
        return 0
    rows: list[tuple[object, ...]] = [(r["devname"], f"xdp/{r['mode']}", r["id"], "", "") for r in found["xdp"]]
    rows += [(r["devname"], r["kind"], r["prog_id"], r.get("link_id"), r.get("priority")) for r in found["tc"]]
    for name in ("flow_dissector", "sk_lookup"):
        rows += [("", name, r["id"], "", "") for r in found.get(name, ())]
    rows += [("", f"netfilter {r['target']}", r["id"], r["link_id"], "") for r in found.get("netfilter", ())]
    shown = [(*row[:3], program_name(int(str(row[2]))), *row[3:]) for row in rows]
    print_table(("INTERFACE", "HOOK", "PROGRAM", "NAME", "LINK", "PRIORITY"), shown)
    return 0


# As bpftool has them; `kernel.interfaces` knows what they mean.
_KINDS = ("xdp", "xdpgeneric", "xdpdrv", "xdpoffload", "tcx_ingress", "tcx_egress")
KIND = click.argument("kind", type=click.Choice(_KINDS))


@net.command()
@KIND
@click.argument("prog", metavar="PROG", shell_complete=completes("prog"))
@click.argument("interface")
@click.option("--overwrite", is_flag=True, help="In place of the program that XDP has there.")
@AS_JSON
def attach(kind: str, prog: str, interface: str, overwrite: bool, as_json: bool) -> int:
    """Attach a program to an interface for good, without a link: it stays until `detach`, or as long as the interface.

    KIND says how: xdp in the driver if that can, xdpdrv there or not at all, xdpgeneric, xdpoffload (on the card);
    tcx_ingress and tcx_egress run behind those that are there.
    """
    from ..kernel.interfaces import attach_for_good
    from .objects import Program, find_one

    with find_one(Program, prog) as program:
        attach_for_good(interface, kind, program.fd.number, overwrite=overwrite)
        return _say("attached", kind, interface, program.id, program.name, as_json)


@net.command()
@KIND
@click.argument("interface")
@click.argument("prog", required=False, metavar="[PROG]", shell_complete=completes("prog"))
@AS_JSON
def detach(kind: str, interface: str, prog: str | None, as_json: bool) -> int:
    """Take off a program that was attached without a link: XDP's, or of tcx PROG.

    `ebee link detach` does it for links.
    """
    from ..kernel.interfaces import detach_for_good
    from .objects import Program, find_one

    if prog is None:
        detach_for_good(interface, kind)
        return _say("detached", kind, interface, 0, "", as_json)
    with find_one(Program, prog) as program:
        detach_for_good(interface, kind, program.fd.number)
        return _say("detached", kind, interface, program.id, program.name, as_json)


def _say(done: str, kind: str, interface: str, prog_id: int, name: str, as_json: bool) -> int:
    from ..sys.netdev import interface_index

    if as_json:
        row = {"done": done, "attach_type": kind, "devname": interface, "ifindex": interface_index(interface)}
        print_json(row | ({"prog_id": prog_id, "name": name} if prog_id else {}))
        return 0
    print(f"{done}: {kind} on {interface}" + (f", program {prog_id} {name}" if prog_id else ""))
    return 0
