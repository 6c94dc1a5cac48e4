"""The commands as click knows them: help, completion, errors of usage. Each command's work is in its own file."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from ..version import __version__
from . import run as run_command
from .completion import SHELLS
from .exit_codes import table

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:3}  {words}" for code, words in table())

TARGET = click.option(
    "--target",
    type=click.Choice(["auto", "default", "kernel"]),
    default="auto",
    show_default=True,
    help="What Python sources are compiled for: the tables that ebee comes with (default), also with the running "
    "kernel's types (auto), or the running kernel.",
)


# Groups of commands, each in a file of its own that is imported when it is asked for: file, name there.
GROUPS = {
    "prog": ("prog", "prog"), "map": ("map", "map_"), "link": ("link", "link"), "cgroup": ("cgroup", "cgroup"),
    "net": ("net", "net"), "iter": ("iter", "iter_"), "btf": ("btf", "btf"),
}  # fmt: skip


class _App(click.Group):
    """The commands that are here, and the groups."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *GROUPS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        file, name = GROUPS[cmd_name]
        found: click.Command = getattr(importlib.import_module(f"{__package__}.{file}"), name)
        return found


@click.group(cls=_App, context_settings=SETTINGS, epilog=EPILOG)
@click.version_option(__version__, "--version", message="ebee %(version)s")
def app() -> None:
    """eBPF for Python: probes written as Python functions, run in the Linux kernel or in user space."""


@app.command("run", help=run_command.HELP, short_help="Run a Python file of probes.")
@click.argument("file")
@click.argument("args", nargs=-1)
def _run(file: str, args: tuple[str, ...], engine: bool, kernel: bool, **rest: Any) -> int:
    if engine and kernel:
        raise click.UsageError("--engine and --kernel exclude each other")
    values = {name: value for name, value in rest.items() if value is not None}
    return run_command.run(run_command.Options(file, list(args), engine=engine, kernel=kernel, **values))


for _flags, _name, _value, _help in run_command.OPTIONS:
    _default = None if _value else False
    _run.params.append(
        click.Option([*_flags, _name], metavar=_value or None, is_flag=not _value, help=_help, default=_default)
    )


@app.command()
@click.argument("events", nargs=-1, required=True, metavar="EVENT...")
@click.option("-c", "--command", required=True, metavar="COMMAND", help="The command to run and record.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Where to write the recording.")
def record(events: tuple[str, ...], command: str, output: str) -> int:
    """Record system-call events of a command and its descendants, for `ebee run --replay`.

    EVENT is a tracepoint such as syscalls:sys_enter_openat. No privilege is needed: the command is traced through
    ptrace. Strings that its calls point to are kept, so that a replayed program can read them.
    """
    from .record import record as work

    return work(events, command, output)


@app.command()
@click.argument("file")
@click.argument("probes", nargs=-1, metavar="[PROBE]...")
@click.option("--style", type=click.Choice(["kernel", "conformance"]), default="kernel", show_default=True)
@click.option("--hex", "as_hex", is_flag=True, help="Print the instructions' bytes beside their text.")
@TARGET
def disasm(file: str, probes: tuple[str, ...], style: str, as_hex: bool, target: str) -> int:
    """Show the bytecode of a Python file's probes or of an object file beside its source, or of raw instructions.

    FILE is Python source or an object file of any compiler (only its programs named PROBE, if given), raw bytecode, or
    bytecode as hexadecimal text; `-` reads the latter three from standard input. A Python file is executed as a module
    to find its probes: what stands behind `if __name__ == "__main__":` and attaching do not happen.
    """
    from .disasm import disasm as work

    return work(file, probes, style, as_hex, target)


@app.command("load")
@click.argument("file", metavar="FILE")
@click.option("--attach", is_flag=True, help="Attach its programs, and show records of its buffers until Ctrl-C.")
@click.option("--all", "everyone", is_flag=True, help="Programs may see every process of this machine.")
@click.option("--engine", is_flag=True, help="Run it in user space, without any privilege: give a command.")
@click.option("--no-verify", is_flag=True, help="Do not verify programs before they run in the engine.")
@click.option("-c", "--command", default="", metavar="COMMAND", help="Start this when all is attached; end with it.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="Set a global variable before loading.")
@click.option("--interface", metavar="NAME", help="The network interface of packet programs.")
@click.option("--cgroup", metavar="PATH", help="The control group of cgroup programs.")
@click.option("--netns", metavar="NAME", help="The network namespace of sk_lookup and flow_dissector programs.")
@click.option("--pid", type=int, metavar="PID", help="The process that user-space probes look at.")
@click.option("--report", is_flag=True, help="Say what became of each CO-RE relocation.")
@click.option("--btf", metavar="FILE", help="The kernel's types, where it has none itself.")
def _load(file: str, **rest: Any) -> int:
    """Load an object file, or a C source, into the kernel, and say what is in it.

    FILE is what clang, libbpf's linker or `ebee compile` made (FILE.bpf.o), or a C source (FILE.bpf.c), which the clang
    of the package ziglang compiles. Without --attach it is gone again when the command ends.
    """
    from .load import load_file

    names = ("interface", "cgroup", "netns", "pid")
    where = {name: value for name in names if (value := rest.pop(name)) is not None}
    return load_file(file, where=where, **rest)


@app.command("verify")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Also show accepted programs, if others are refused.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option("--log", type=click.Choice(["ebee", "kernel"]), default="ebee", show_default=True, help="Whom to ask.")
@click.option("--kernel", type=click.Choice(["6.1", "6.12", "6.18", "7.3"]), default="6.18", show_default=True,
              help="Whose rules ebee's verifier follows.")
@click.option("--unprivileged", is_flag=True, help="Judge for users without CAP_BPF and CAP_PERFMON.")
@click.option("--strict-alignment", is_flag=True, help="Accesses must be at multiples of their sizes.")
@click.option("--kconfig", multiple=True, metavar="NAME=VALUE", help="A variable of `.kconfig`; counts first.")
@click.option("--section", default="socket", show_default=True, help="The section of an assembly text's program.")
@click.option("--explain", metavar="RULE", help="Say what a rule demands and what to write; `all` lists the rules.")
@TARGET
def _verify(file: str | None, explain: str | None, **rest: Any) -> int:
    """Say whether the kernel's verifier takes a file's programs; if not, why, and what to write instead.

    FILE is Python source, a C source (FILE.bpf.c), an object file, or assembly text (FILE.S). Nothing is run, and no
    privilege is needed; with `--log kernel` the running kernel is asked, and its log explained. The exit code is 4 if
    a program is refused.
    """
    from .verify import show_rules, verify_file

    if explain:
        return show_rules(explain)
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    return verify_file(file, **rest)


@app.command("compile")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="OUT", help="Where to write the object; `-`: standard output.  [FILE.bpf.o]")
@TARGET
def _compile(file: str, output: str | None, target: str) -> int:
    """Compile a Python file's probes, or a C source, to an object file that bpftool and libbpf load.

    C sources (FILE.bpf.c) are compiled by the clang of the package ziglang. A Python file is executed as a module to
    find its probes: what stands behind `if __name__ == "__main__":` and attaching do not happen. Programs of an object
    act on every process of the machine that loads it.
    """
    from .compile import compile_file

    return compile_file(file, output, target)


@app.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def features(as_json: bool) -> int:
    """Say what this kernel and this user can do, and what is missing for the rest."""
    from .features import features as work

    return work(as_json)


@app.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print what makes a shell complete ebee's commands, and the ids and names of programs, maps and links.

    \b
    bash:  ebee completion bash > ~/.local/share/bash-completion/completions/ebee
    zsh:   ebee completion zsh > "${fpath[1]}/_ebee"
    fish:  ebee completion fish > ~/.config/fish/completions/ebee.fish
    """
    from .completion import completion as work

    return work(app, shell)


@app.command("filter")
@click.argument("expression", nargs=-1)
@click.option("--link", default="EN10MB", show_default=True, help="What packets begin with: EN10MB, RAW, LINUX_SLL, …")
@click.option("-d", "form", flag_value="d", help="Print the classic program as tcpdump -d does.  [default]")
@click.option("-dd", "form", flag_value="dd", help="Print it as rows of numbers for C.")
@click.option("-ddd", "form", flag_value="ddd", help="Print it as decimal numbers.")
@click.option("--asm", "form", flag_value="asm", help="Print it in the language of bpf_asm.")
@click.option("--c", "form", flag_value="c", help="Print it as an array of C.")
@click.option("--ebpf", "form", flag_value="ebpf", help="Print it as an eBPF program of a socket filter.")
@click.option("--words", "form", flag_value="words", help="Say what it does, if it is a filter of system calls.")
@click.option("--program", metavar="FILE", help="Read a classic program, in any of these forms, instead of EXPRESSION.")
@click.option("-r", "--read", "path", metavar="FILE", help="Look for matching packets in a pcap or pcapng file.")
@click.option("-w", "--write", "output", metavar="FILE", help="Write them to a pcap file.")
@click.option("--count", is_flag=True, help="Print only how many match.")
@click.option("--seccomp", metavar="PID", type=int, help="Print a process's seccomp filters; it stops meanwhile.")
def _filter(
    expression: tuple[str, ...],
    link: str,
    form: str | None,
    program: str | None,
    path: str | None,
    output: str | None,
    count: bool,
    seccomp: int | None,
) -> int:
    """Compile a filter expression of tcpdump (pcap-filter(7)), or read classic BPF programs.

    The exit code of --read is 1 if no packet matches.
    """
    from . import filter as work

    text = " ".join(expression)
    if (output is not None or count) and path is None:
        raise click.UsageError("--write and --count need --read FILE")
    if seccomp is not None:
        return work.seccomp(seccomp, form or "words")
    if path is not None:
        return work.search(text, path, output, count)
    return work.show(text, link, form or "d", program)


@app.command(context_settings={**SETTINGS, "ignore_unknown_options": True})
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[MEMORY]")
def conformance(args: tuple[str, ...]) -> int:
    """Run one program as a plugin of the BPF conformance suites.

    The program is read as hexadecimal text from standard input; MEMORY, also hexadecimal, is what r1 points to and
    r2 counts. The result, r0, is printed in hexadecimal.
    """
    from ..engine.conformance import main

    return main(args, sys.stdin, sys.stdout)


def main(args: Sequence[str]) -> int:
    """Run a command line through click and return the exit code."""
    try:
        result = app.main(list(args), prog_name="ebee", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.UsageError as e:
        if isinstance(e, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # of click 8.2 and newer
            click.echo(e.format_message())
        else:
            e.show()
        return 2
    except click.ClickException as e:
        e.show()
        return 1
    except click.Abort:
        return 130
