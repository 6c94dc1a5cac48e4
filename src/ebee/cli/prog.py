"""`ebee prog`: the programs that are in the kernel, whoever loaded them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .columns import (
    AS_JSON,
    PIDS,
    PINNED,
    SETTINGS,
    completes,
    holder_words,
    listed,
    print_fields,
    print_json,
    print_table,
    time_words,
)

if TYPE_CHECKING:
    from ..kernel.live_programs import Program

PROG = click.argument("prog", metavar="PROG", shell_complete=completes("prog"))


@click.group("prog", context_settings=SETTINGS)
def prog() -> None:
    """Programs in the kernel, whoever loaded them: what they are, their code, what they cost; test runs.

    PROG is an id, a path where it is pinned, or a name. Needs CAP_SYS_ADMIN, as the kernel has it.
    """


def row_of(program: Program) -> dict[str, Any]:
    """Return what a program is, under bpftool's names."""
    info = program.info()
    row: dict[str, Any] = {
        "id": program.id, "type": program.type, "name": program.name, "tag": program.tag,
        "gpl_compatible": program.is_gpl, "run_time_ns": info["run_time_ns"], "run_cnt": info["run_cnt"],
        "recursion_misses": info["recursion_misses"], "loaded_at": int(program.loaded_at), "uid": program.uid,
        "orphaned": program.is_orphaned, "bytes_xlated": info["xlated_prog_len"], "jited": bool(info["jited_prog_len"]),
        "bytes_jited": info["jited_prog_len"], "bytes_memlock": program.memlock_bytes, "map_ids": program.map_ids,
        "btf_id": program.btf_id,
    }  # fmt: skip
    zero = ("run_time_ns", "run_cnt", "recursion_misses", "btf_id", "map_ids", "bytes_jited")
    return {name: value for name, value in row.items() if value or name not in zero}


def _targets() -> dict[int, list[str]]:
    """Return what programs are attached to by links, by the program's id."""
    from ..kernel.live_links import Link

    found: dict[int, list[str]] = {}
    for link in Link.all():
        with link:
            found.setdefault(link.prog_id, []).append(link.target())
    return found


def _rows(word: str | None, pids: bool, pinned: bool) -> list[dict[str, Any]]:
    from .objects import Program, rows

    return rows(Program, word, row_of, pids, pinned)


@prog.command("list")
@PIDS
@PINNED
@AS_JSON
def list_(pids: bool, pinned: bool, as_json: bool) -> int:
    """List all programs, with what links attach them to."""
    rows = _rows(None, pids, pinned)
    if as_json:
        print_json(rows)
        return 0
    targets = _targets()
    heads = ("ID", "TYPE", "NAME", "ATTACHED TO", "BYTES", "MAPS", "RUNS", "UID", "LOADED", "PINNED", "HELD BY")
    print_table(heads, [
        (r["id"], r["type"], r["name"], ", ".join(targets.get(r["id"], [])), r["bytes_xlated"],
         listed(r.get("map_ids", [])), r.get("run_cnt"), r["uid"] or "", time_words(r["loaded_at"]),
         listed(r.get("pinned", [])), holder_words(r.get("pids", [])))
        for r in rows
    ])  # fmt: skip
    return 0


@prog.command()
@PROG
@AS_JSON
def show(prog: str, as_json: bool) -> int:
    """Say all that the kernel tells of a program."""
    rows = _rows(prog, True, True)
    if as_json:
        print_json(rows[0] if len(rows) == 1 else rows)
        return 0
    targets = _targets()
    for at, r in enumerate(rows):
        if at:
            print()
        misses = r.get("recursion_misses")
        runs = f"{r['run_cnt']} in {r.get('run_time_ns', 0)} ns" if "run_cnt" in r else ""
        print_fields([
            ("program", f"{r['id']} {r['name']}"), ("type", r["type"]),
            ("attached to", ", ".join(targets.get(r["id"], []))),
            ("tag", r["tag"]), ("license", "GPL-compatible" if r["gpl_compatible"] else "not GPL-compatible"),
            ("loaded", f"{time_words(r['loaded_at'])} by uid {r['uid']}"),
            ("bytecode", f"{r['bytes_xlated']} bytes, {r['bytes_xlated'] // 8} instructions"),
            ("machine code", f"{r['bytes_jited']} bytes" if r["jited"] else "none: it is interpreted, or hidden"),
            ("memory", f"{r['bytes_memlock']} bytes"), ("maps", listed(r.get("map_ids", []))),
            ("types", r.get("btf_id")), ("runs", runs),
            ("did not run", f"{misses} times: it was running" if misses else ""),
            ("orphaned", "its interface is gone" if r["orphaned"] else ""),
            ("pinned", listed(r["pinned"])), ("held by", holder_words(r["pids"])),
        ])  # fmt: skip
    return 0


@prog.command()
@PROG
@click.option("--jited", is_flag=True, help="The machine code instead of the instructions.")
@click.option("--hex", "as_hex", is_flag=True, help="The bytes beside the text.")
@click.option("--no-source", is_flag=True, help="Without lines of source.")
@AS_JSON
def dump(prog: str, jited: bool, as_hex: bool, no_source: bool, as_json: bool) -> int:
    """Show the instructions of a program as the kernel runs them, between the lines of source that they come from.

    With --jited: the machine code. It is disassembled where the Python package capstone is installed, else shown as
    bytes.
    """
    from .objects import Program, find_one
    from .prog_dump import dump_jited, dump_xlated

    with find_one(Program, prog) as program:
        return (dump_jited if jited else dump_xlated)(program, as_hex, not no_source, as_json)


@prog.command()
@PROG
@click.argument("path", type=click.Path())
def pin(prog: str, path: str) -> int:
    """Give a program a name in a bpffs: it stays as long as PATH is there."""
    from .objects import Program
    from .objects import pin as work

    return work(Program, prog, path)


@prog.command()
@click.argument("path", type=click.Path())
def unpin(path: str) -> int:
    """Take away the name PATH of a pinned program."""
    from .objects import Program, unpin_of_kind

    return unpin_of_kind(Program, path)


@prog.command()
@click.argument("progs", nargs=-1, metavar="[PROG]...", shell_complete=completes("prog"))
@click.option("-d", "--duration", default=1.0, show_default=True, metavar="SECONDS", help="How long to count.")
@AS_JSON
def stats(progs: tuple[str, ...], duration: float, as_json: bool) -> int:
    """Count and time the runs of programs for a while; all of them if none is named."""
    import time

    from ..kernel.live_programs import RunStats
    from .objects import Program, find

    found = [one for word in progs for one in find(Program, word)] if progs else list(Program.all())
    with RunStats():
        before = [program.info() for program in found]
        start = time.monotonic()
        time.sleep(duration)
        seconds = time.monotonic() - start
        after = [program.info() for program in found]
    rows: list[dict[str, Any]] = []
    for program, old, new in zip(found, before, after):
        runs, ns = new["run_cnt"] - old["run_cnt"], new["run_time_ns"] - old["run_time_ns"]
        misses = new["recursion_misses"] - old["recursion_misses"]
        rows.append({
            "id": program.id, "type": program.type, "name": program.name, "run_cnt": runs, "run_time_ns": ns,
            "recursion_misses": misses, "ns_per_run": round(ns / runs, 1) if runs else 0.0,
            "runs_per_second": round(runs / seconds, 1), "cpu_percent": round(ns / seconds / 1e7, 3),
        })  # fmt: skip
        program.close()
    rows.sort(key=lambda row: -row["run_time_ns"])
    if as_json:
        print_json(rows)
        return 0
    heads = ("ID", "TYPE", "NAME", "RUNS", "NS PER RUN", "RUNS/S", "% CPU", "DID NOT RUN")
    print_table(heads, [
        (r["id"], r["type"], r["name"], r["run_cnt"], r["ns_per_run"], r["runs_per_second"], r["cpu_percent"],
         r["recursion_misses"] or "")
        for r in rows
    ])  # fmt: skip
    return 0


_FLAGS = {"live-frames": "BPF_F_TEST_XDP_LIVE_FRAMES", "checksum-complete": "BPF_F_TEST_SKB_CHECKSUM_COMPLETE"}


@prog.command("test-run")
@PROG
@click.option("--data", metavar="BYTES", help="The packet: hexadecimal, or @FILE (@-: standard input).")
@click.option("--ctx", metavar="BYTES", help="The context, likewise.")
@click.option("--data-out", metavar="FILE", help="Where to write the packet as it is afterwards.")
@click.option("--ctx-out", metavar="FILE", help="Where to write the context as it is afterwards.")
@click.option("--repeat", default=1, show_default=True, help="How often to run it.")
@click.option("--cpu", type=int, help="Where to run it: raw tracepoints only.")
@click.option("--batch-size", default=0, help="With live-frames: packets at once.")
@click.option("--flag", "flags", multiple=True, type=click.Choice(list(_FLAGS)), help="More than once if need be.")
@AS_JSON
def test_run(prog: str, data: str | None, ctx: str | None, data_out: str | None, ctx_out: str | None, repeat: int,
             cpu: int | None, batch_size: int, flags: tuple[str, ...], as_json: bool) -> int:
    """Run a program now, on a packet and a context of yours, without attaching it.

    With --flag live-frames packets go where the program sends them: use it in a network namespace of your own.
    """
    from ..abi import bpf as abi
    from .objects import Program, find_one, read_bytes

    bits = sum(int(getattr(abi, _FLAGS[name])) for name in flags)
    with find_one(Program, prog) as program:
        ran = program.test_run(
            data=read_bytes(data), ctx=read_bytes(ctx), repeat=repeat, flags=bits, cpu=cpu, batch_size=batch_size
        )
    for path, out in ((data_out, ran.data), (ctx_out, ran.ctx)):
        if path is not None:
            with click.open_file(path, "wb") as file:
                file.write(out)
    if as_json:
        print_json({"retval": ran.retval, "duration": ran.duration_ns, "data_out": ran.data, "ctx_out": ran.ctx})
        return 0
    print_fields([
        ("result", ran.retval), ("mean duration", f"{ran.duration_ns} ns" if ran.duration_ns else ""),
        ("packet", ran.data.hex()), ("context", ran.ctx.hex()),
    ])  # fmt: skip
    return 0
