"""`ebee run`: run a Python file of probes.

The table of options is plain data, read here by a small parser (start-up time) and by click for help and errors.
"""

from __future__ import annotations

import os
import sys

from ..api import options as run_options
from ..api import session as sessions
from ..api import source as source  # the front end: what probes need is there before they are declared
from ..errors import CompileError, Diagnostic, FormatError, SourceSpan, SyscallError, UsageError, VerifierError
from ..record import Record, field
from .terminal import print_notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType, TracebackType
    from typing import Any

    from ..errors import EbeeError
    from ..types.globals import Global
    from ..types.maps import MapDecl
    from ..types.probes import Probe


class Options(Record):
    """What was asked for."""

    file: str = ""
    args: list[str] = field(default_factory=list)
    command: str = ""
    all: bool = False
    replay: str = ""
    engine: bool = False
    kernel: bool = False
    no_verify: bool = False
    json: bool = False
    quiet: bool = False
    log: str = ""
    about: bool = False


# flags, name, placeholder of its value ("": it takes none), help
OPTIONS: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (("-c", "--command"), "command", "COMMAND", "Start COMMAND and trace it and its descendants."),
    (("--all",), "all", "", "Trace every process of this machine."),
    (("--replay",), "replay", "FILE", "Feed the events of a recording (see `ebee record`) instead of live ones."),
    (("--engine",), "engine", "", "Run in ebee's own engine, also where the kernel would be allowed."),
    (("--kernel",), "kernel", "", "Run in the kernel or fail."),
    (("--no-verify",), "no_verify", "", "Do not verify programs before they run in the engine."),
    (("--json",), "json", "", "Print events and maps as JSON lines (of files that only declare probes)."),
    (("--log",), "log", "FILE", "Write the verifier's own log of a refused program to FILE (`-`: standard error)."),
    (("-q", "--quiet"), "quiet", "", "Print no notices."),
)
HELP = """Run FILE, a Python file of probes.

If the file attaches its probes itself, it runs as it is, and -c, --replay, --engine and --kernel have the last word
over what it asks for. If it only declares probes and maps, they are attached, events are printed as they come, and
maps at the end. What follows `--` is for the file: its sys.argv. FILE --help shows what it says of itself.

Where the kernel does not admit this user, a command is traced through ptrace, and one line says so.
"""


def parse(args: Sequence[str]) -> Options | None:
    """Read a command line; return None for one that click should explain (help, mistakes)."""
    options = Options()
    by_flag = {flag: (name, value) for flags, name, value, _ in OPTIONS for flag in flags}
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        if arg == "--":
            options.args = rest
            break
        name, value = by_flag.get(arg, ("", ""))
        if name and value and rest:
            setattr(options, name, rest.pop(0))
        elif name and not value:
            setattr(options, name, True)
        elif not arg.startswith("-") and not options.file:
            options.file = arg
        elif arg in ("-h", "--help") and options.file:
            options.about = True
        else:
            return None
    return options if options.file and not (options.engine and options.kernel) else None


def run(options: Options) -> int:
    """Run the file and return the exit code. Raises: EbeeError."""
    if options.about:
        return tell_about(options.file)
    run_options.current = run_options.RunOptions(
        sessions.split_command(options.command) if options.command else None,
        "engine" if options.engine else "kernel" if options.kernel else None,
        options.replay or None,
        options.all,
        by_cli=True,
        verify=not options.no_verify,
        on_notice=(lambda _text: None) if options.quiet else print_notice,
    )
    if options.command and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True, write_through=False)  # the command writes there, too: whole lines
    signals = StopSignals()
    try:
        namespace, code = run_file(options.file, options.args)
        if code == 0 and not sessions.has_attached():
            attach_and_print(namespace, options.json)
        return code or signals.exit_code
    except KeyboardInterrupt:
        return signals.exit_code or 130
    except VerifierError as e:
        if options.log:
            write_log(options.log, e.log)
        raise
    finally:
        signals.restore()
        sessions.close_all()


def tell_about(file: str) -> int:
    """Print what a file says of itself, without running it. Raises: CompileError, FormatError."""
    import ast

    from ..pyfront.source import syntax_diagnostic

    try:
        text = ast.get_docstring(ast.parse(read_source(file)))
    except SyntaxError as e:
        raise CompileError([syntax_diagnostic(e, file)]) from None
    print(text or f"{file} says nothing of itself.")
    print("\nebee run --help: the options.")
    return 0


def write_log(file: str, log: str) -> None:
    """Write a verifier's log where the user wants it. Raises: FormatError."""
    if file == "-":
        sys.stderr.write(log)
        return
    try:
        with open(file, "w", encoding="utf-8") as f:
            f.write(log)
    except OSError as e:
        raise FormatError(f"cannot be written: {e.strerror}", file=file) from None


def run_file(file: str, args: list[str]) -> tuple[dict[str, Any], int]:
    """Execute a Python file as `__main__`; return its names and its exit code."""
    text = read_source(file)
    from ..api.source import remember_source
    from ..pyfront.source import syntax_diagnostic

    try:
        code = compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as e:
        raise CompileError([syntax_diagnostic(e, file)]) from None
    remember_source(file, text)
    module = type(sys)("__main__")
    module.__file__ = file
    sys.modules["__main__"] = module
    sys.argv = [file, *args]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    try:
        exec(code, vars(module))
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return vars(module), e.code or 0
        print(e.code, file=sys.stderr)
        return vars(module), 1
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as e:
        from ..errors import EbeeError

        if isinstance(e, EbeeError):
            raise told_at_its_line(e, file, text) from None
        print_traceback(e)
        return vars(module), 1
    return vars(module), 0


def line_of(e: Exception, file: str) -> int:
    """Return the line of a file that an exception came through, the innermost one; 0 for none."""
    tb, line = e.__traceback__, 0
    while tb is not None:
        if tb.tb_frame.f_code.co_filename == file:
            line = tb.tb_lineno
        tb = tb.tb_next
    return line


def told_at_its_line(e: EbeeError, file: str, text: str) -> EbeeError:
    """Return what a declaration in a file cannot be as an error at its line; any other error as it is."""
    tb = e.__traceback__
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    is_declaration = tb is not None and tb.tb_frame.f_globals.get("__name__", "").startswith("ebee.types.")
    line = line_of(e, file)
    if not (isinstance(e, UsageError) and is_declaration and line):
        return e
    code = text.splitlines()[line - 1]
    start = len(code) - len(code.lstrip())
    return CompileError([Diagnostic(str(e), SourceSpan(file, line, start, line, len(code), code), e.hint)])


def read_source(file: str) -> str:
    """Return a file's text. Raises: FormatError."""
    try:
        with open(file, encoding="utf-8") as f:
            return f.read().removeprefix("\ufeff")
    except OSError as e:
        raise FormatError(f"cannot be read: {e.strerror}", file=file) from None
    except UnicodeDecodeError as e:
        raise FormatError("is not UTF-8 text", file=file, off_bytes=e.start) from None


def print_traceback(e: Exception) -> None:
    """Print the traceback of a script's own mistake, from the script's first frame on."""
    import traceback

    tb: TracebackType | None = e.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename == __file__:
        tb = tb.tb_next
    sys.stdout.flush()
    traceback.print_exception(type(e), e, tb)


class StopSignals:
    """Ctrl-C and SIGTERM end what waits for events, so that the script goes on to print what it counted.

    A second one, or one while nothing waits for events, raises KeyboardInterrupt.
    """

    def __init__(self) -> None:
        import _signal as signal  # type: ignore[import-not-found]  # the signal module would import enum

        self.exit_code = 0
        self._signal = signal
        self._before = {n: signal.signal(n, self._stop) for n in (signal.SIGINT, signal.SIGTERM)}

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        repeated = self.exit_code != 0
        self.exit_code = 128 + number
        if repeated or not sessions.stop_all():
            raise KeyboardInterrupt

    def restore(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._before.items():
            self._signal.signal(number, handler)


# Files that only declare probes


def attach_and_print(namespace: dict[str, Any], as_json: bool) -> None:
    """Attach every probe of a file, print its events as they come; at the end what its iterators write, and its maps.

    Raises: UsageError for iterators through what is the whole machine's, unless that was asked for.
    """
    from ..types.maps import KeyedDecl, RingBuf
    from ..types.probes import Probe, declared

    found = declared(namespace)
    iterators = [p for p in found if isinstance(p, Probe) and p.section.startswith(("iter/", "iter.s/"))]
    probes = [p for p in found if p not in iterators]
    session = sessions.default_session()
    if iterators and not run_options.current.all and not all("map" in p.options for p in iterators):
        raise UsageError("an iterator goes through what the whole machine has", hint="say --all if that is meant")
    if iterators and not probes:
        if run_options.current.command or run_options.current.replay:
            raise UsageError("the file has no probe that would follow a command", hint="leave out -c and --replay")
        for iterator in iterators:
            print_iterator(iterator, namespace, as_json)
        return
    if as_json:
        session.show_prints(json_prints())
    with session.attach(*probes) as attachment:
        live = set(session.maps())
        rings = [d for d in live if isinstance(d, RingBuf)]
        show = json_printer() if as_json else TextPrinter(len(rings) > 1).event
        if rings:
            for ring, event in session.events(*rings):
                show(ring.name, event)
        else:
            attachment.wait()
    for iterator in iterators:
        print_iterator(iterator, namespace, as_json)
    maps: list[MapDecl] = [v for v in namespace.values() if isinstance(v, KeyedDecl) and v in live]
    for decl in dict.fromkeys(maps):
        print_map(decl, as_json)
    for variable in dict.fromkeys(v for v in namespace.values() if getattr(type(v), "kind", "") == "Global"):
        if variable in live and not variable.constant:
            print_variable(variable, as_json)


def print_iterator(iterator: Probe, namespace: dict[str, Any], as_json: bool) -> None:
    """Read an iterator, and print the text or the rows that it writes."""
    session = sessions.default_session()
    written = session.written_by(iterator)
    if written is None:
        for line in session.lines(iterator):
            print(line, flush=True) if not as_json else json_event(iterator.name, line)
        return
    classes = (v for v in namespace.values() if isinstance(v, type) and hasattr(v, "_type"))
    row: Any = next((c for c in classes if [c._type.name, c._type.size] == written), None)
    if row is None:
        raise UsageError(f"{iterator.name} writes rows of {written[0]}, which the file has under no name")
    show = json_printer() if as_json else TextPrinter(True).event
    for found in session.rows(iterator, row):
        show(iterator.name, found)


def json_event(name: str, value: Any) -> None:
    """Print an event as a line of JSON."""
    import json

    print(json.dumps({"event": name, "value": value}), flush=True)


def members(event: Any) -> dict[str, Any]:
    """Return the fields of an event; of one that is no struct, its value."""
    return {name: getattr(event, name) for name in event._type.fields} if hasattr(event, "_type") else {"value": event}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: structs are objects, bytes hexadecimal digits, members of enums their values."""
    if hasattr(value, "_type"):
        return {name: plain(part) for name, part in members(value).items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return value.hex()
    return plain(value.value) if hasattr(type(value), "__members__") else value


def json_printer() -> Callable[[str, Any], None]:
    """Return a function that prints an event as a line of JSON."""

    def show(ring: str, event: Any) -> None:
        json_event(ring, plain(event))

    return show


def json_prints() -> Callable[[str, str], None]:
    """Return a function that shows what probes print as lines of JSON."""
    import json

    def show(text: str, stream: str) -> None:
        print(json.dumps({"print": text, "stream": stream}), flush=True)

    return show


class TextPrinter:
    """Prints events as columns under their fields' names, a heading whenever the kind of event changes."""

    def __init__(self, name_rings: bool) -> None:
        self._name_rings, self._last = name_rings, ""

    def event(self, ring: str, event: Any) -> None:
        """Print one event."""
        values = members(event)
        if ring != self._last:
            self._last = ring
            title = f"{ring}:\n" if self._name_rings else ""
            print(title + self._row(values, [name.upper() for name in values]))
        print(self._row(values, [str(v) for v in values.values()]), flush=sys.stdout.isatty())

    def _row(self, values: dict[str, Any], cells: list[str]) -> str:
        widths = [10 if isinstance(v, int) else 16 for v in values.values()]
        padded = [c.rjust(w) if isinstance(v, int) else c.ljust(w) for v, c, w in zip(values.values(), cells, widths)]
        return " ".join(padded).rstrip()


def print_variable(variable: Global[Any], as_json: bool) -> None:
    """Print a global variable."""
    if as_json:
        import json

        print(json.dumps({"variable": variable.name, "value": plain(variable.value)}))
    else:
        print(f"{variable.name}: {variable.value}")


def print_map(decl: Any, as_json: bool) -> None:
    """Print a map, the largest values first."""
    try:
        entries = list(decl.items())
    except SyscallError as e:
        raise SyscallError(e.cmd, e.errno or 0, f"reading map {decl.name}") from None
    try:
        entries.sort(key=lambda kv: kv[1], reverse=True)
    except TypeError:
        entries.sort(key=repr)
    if as_json:
        import json

        print(json.dumps({"map": decl.name, "entries": [[plain(k), plain(v)] for k, v in entries]}))
        return
    if entries:
        print(f"\n{decl.name}:")
        width = max(len(str(k)) for k, _ in entries)
        for key, value in entries:
            print(f"  {key!s:>{width}}  {value}")
