"""Probes made from statements that CPython runs, too: strings and numbers come from maps, results go to another."""

import contextlib
import io
import itertools
import sys

import ebee
from ebee.api.source import remember_source

_serial = itertools.count()
TEXT_BYTES = 32


def make_probe(body, prelude="", text_bytes=TEXT_BYTES):
    """Compile statements as a file would be. Names in it: text, num (what is given), out (a result)."""
    file = f"<text probe {next(_serial)}>"
    source = (
        "import ebee, sys\nfrom ebee import *\n"
        f"text = Array(Str({text_bytes}), max_entries=8)\nnum = Array(s64, max_entries=8)\n"
        f"unsigned = Array(u64, max_entries=8)\nout = Array(s64, max_entries=32)\n{prelude}\n"
        "@ebee.xdp\ndef probe(pkt):\n" + "".join(f"    {line}\n" for line in body) + "    return XDP_PASS\n"
    )
    remember_source(file, source)
    names = {"__name__": file}
    sys.modules[file] = type(sys)(file)
    exec(compile(source, file, "exec"), names)
    return names


class Ran:
    """What a run left: `out`, what was printed on each stream, the losses."""

    def __init__(self, out, printed, losses):
        self.out, self.printed, self.losses = out, printed, losses


def run_probe(backend, body, *, text=(), num=(), unsigned=(), prelude="", text_bytes=TEXT_BYTES, packet=bytes(64)):
    """Run statements once in an engine."""
    names = make_probe(body, prelude, text_bytes)
    printed = []
    with ebee.Session(backend=backend) as session:
        session.show_prints(lambda text, stream: printed.append((stream, text)))
        target = session.target
        assert target is not None
        loaded = session._load([names["probe"]], session._test_backend(), None)
        for name, values in (("text", text), ("num", num), ("unsigned", unsigned)):
            if name in loaded.spec.maps:
                for at, value in enumerate(values):
                    names[name][at] = value
        session.run(names["probe"], packet=packet)
        out = [names["out"][i] for i in range(32)] if "out" in loaded.spec.maps else [0] * 32
        return Ran(out, printed, session.losses())


def run_python(body, *, text=(), num=(), unsigned=(), names=None):
    """Run the same statements in CPython. Bytes are characters there: a string in a probe is bytes."""
    out = [0] * 32
    as_text = [t.decode("latin-1") if isinstance(t, bytes) else t for t in text]
    scope = {"text": as_text, "num": list(num), "unsigned": list(unsigned), "out": out, "sys": sys, "ebee": ebee, "s64": ebee.s64,
             **(names or {})}  # fmt: skip
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        exec("def probe():\n" + "".join(f"    {line}\n" for line in body) + "probe()", scope)
    return Ran([int(n) for n in out], [("stdout", stdout.getvalue())] if stdout.getvalue() else [], [])
