"""The examples on functions of libraries and on samples, on children of the test with a library of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

try:
    import _ssl
except ImportError:
    _ssl = None

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_feature("uprobe")]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Run an example on Python code, which works with a copy of the C library; return what it prints."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    library = str(tmp_path / "libc.so.6")
    shutil.copy(next(line.split()[-1] for line in lines if "/libc.so.6" in line), library)
    copies = {"libc": library}
    if _ssl is not None and shutil.which("ldd"):
        needed = subprocess.run(["ldd", _ssl.__file__], capture_output=True, text=True).stdout
        found = re.search(r"libssl\S+ => (\S+)", needed)
        if found:
            copies["libssl"] = shutil.copy(found[1], tmp_path)
    script = tmp_path / "work.py"

    def run(example, code, *args):
        script.write_text(code)
        command = f"env LD_LIBRARY_PATH={tmp_path} {sys.executable} -S {script}"
        argv = [sys.executable, "-m", "ebee", "run", "-q", "--kernel", ROOT / "examples" / example, "-c", command]
        argv += ["--", *(copies.get(a, a) for a in args)] if args else []
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60)
        told = re.sub(r"ebee: \d+ stacks? (was|were) lost: another had its place in .*\n", "", done.stderr)
        assert (done.returncode, told) == (0, "")
        return done.stdout.splitlines()

    return run


def test_mallocs(run):
    lines = run("mallocs.py", "blocks = [b'x' * (3_000_000 + i) for i in range(9)]", "libc")
    blocks, total = map(int, re.fullmatch(r"(\d+) blocks, (\d+) bytes", lines[0]).groups())
    rows = {int(a): int(n) for a, _, _, n in map(str.split, lines[1:])}
    assert rows[1 << 21] == 9 and sum(rows.values()) == blocks and total > 27_000_000


def test_functime(run):
    code = "import os\nfor i in range(20): os.putenv('A', str(i))\nos.unsetenv('A')"
    lines = run("functime.py", code, "libc", "*env")
    rows = {name: (int(calls), int(ns)) for calls, ns, name in map(str.split, lines[1:])}
    assert rows["setenv"][0] == 20 and rows["unsetenv"][0] >= 1
    assert all(0 < ns < 1_000_000_000 for _, ns in rows.values())


def test_cpuprofile(run):
    code = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    lines = run("cpuprofile.py", code, "499")
    count = int(lines[0].split()[0])
    stacks = [int(line.split()[0]) for line in lines if " x " in line]
    assert count >= 50 and stacks and stacks == sorted(stacks, reverse=True) and sum(stacks) <= count
    assert any(re.match(r"    \w+.* \[(vdso|libc\S*|(lib)?python\S*)\]$", line) for line in lines), lines
    folded = run("cpuprofile.py", code, "499", "folded")
    rows = [re.fullmatch(r"([^;]+)(;.*)? (\d+)", line) for line in folded]
    assert rows and all(rows) and any("_[k]" in (m[2] or "") for m in rows)


def test_memleak(run):
    code = """import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for i in range(7): libc.malloc(3_000_017)
for i in range(5): libc.free(libc.malloc(5_000_011))
"""
    lines = run("memleak.py", code, "libc")
    found = [m for m in (re.fullmatch(r"(\d+) bytes in (\d+) blocks from", line) for line in lines) if m]
    sizes = [(int(m[1]), int(m[2])) for m in found]
    after = lines[lines.index(f"{7 * 3_000_017} bytes in 7 blocks from") + 1]
    assert re.match(r"    (malloc\+|ffi_call|\w+|\[\S+\+0x)", after), after
    assert (7 * 3_000_017, 7) in sizes and not any(size >= 5_000_011 and n < 7 for size, n in sizes)


TLS = """import ssl
def context(kind):
    made = ssl.SSLContext(kind)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers("AECDH:@SECLEVEL=0")  # no certificates
    return made
def step(function):
    try:
        function()
    except ssl.SSLWantReadError:
        return False
    return True
a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
client = context(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(a, b, server_side=False)
server = context(ssl.PROTOCOL_TLS_SERVER).wrap_bio(b, a, server_side=True)
while not all([step(client.do_handshake), step(server.do_handshake)]):
    pass
client.write(b"a secret question")
server.read(100)
server.write(b"x" * 5000)
client.read(8000)
"""


@pytest.mark.skipif(_ssl is None, reason="Python was built without TLS")
def test_sslsniff(run):
    row = r"(\d+) +(\S+) +(sends|receives) +(b'.*')(?:, (\d+) more)?"
    lines = [re.fullmatch(row, line) for line in run("sslsniff.py", TLS, "libssl")]
    assert [(m[3], m[4], m[5]) for m in lines] == [
        (way, repr(text), more)
        for text, more in ((b"a secret question", None), (b"x" * 4096, "904")) for way in ("sends", "receives")
    ]  # fmt: skip
