#!/usr/bin/env python3
"""Take from Debian's kernels the types that tests/data/core/*.bpf.c ask for: tests/data/core/*.btf and kernels.json.

    tools/gen/core_kernels.py DIRECTORY      # of packages of kernels, as vmtest/run keeps them

What is written is the least BTF with which the objects relocate as with all of it, for the kernels and, as split BTF,
for module overlay; and what all of it says. It depends on the kernels alone: there is nothing to check it against but
them. Needs dpkg, what unpacks the kernels (xz, zstd, lz4, gzip), and ziglang.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "kernel")]

from ebee.btf.read import Btf  # noqa: E402
from ebee.spec.core_min import minimise, minimise_split  # noqa: E402
from ebee.spec.core_relo import CoreTarget, Relocator  # noqa: E402

c = importlib.import_module("core_objects")  # of the tests
DATA = ROOT / "tests" / "data" / "core"
KERNELS = {  # version: the package, and further ones, by how their names begin
    "6.1": ("linux-image-6.1.",),
    "6.12": ("linux-image-6.12.",),
    "7.3": ("linux-binary-7.3.", "linux-modules-7.3."),
}
UNPACKERS = {b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4", b"\x1f\x8b\x08": "gzip"}


def unpacked(path: Path) -> bytes:
    """Return the ELF file in a compressed kernel or module."""
    data = path.read_bytes()
    if data.startswith(b"\x7fELF"):
        return data
    for magic, tool in UNPACKERS.items():
        at = data.find(magic)
        while at >= 0:
            done = subprocess.run([tool, "-dc"], input=data[at:], capture_output=True, timeout=120, check=False)
            if done.stdout.startswith(b"\x7fELF"):
                return done.stdout
            at = data.find(magic, at + 1)
    raise SystemExit(f"{path} has no ELF file that these unpack: {', '.join(UNPACKERS.values())}")


def section(elf: bytes, wanted: bytes) -> bytes:
    """Return a section of a 64-bit little-endian ELF file."""
    (start,), (count, names) = struct.unpack_from("<Q", elf, 40), struct.unpack_from("<HH", elf, 60)
    rows = [struct.unpack_from("<IIQQQQIIQQ", elf, start + 64 * i) for i in range(count)]
    for row in rows:
        at = rows[names][4] + row[0]
        if elf[at : elf.index(b"\0", at)] == wanted:
            return elf[row[4] : row[4] + row[5]]
    raise SystemExit(f"there is no section {wanted.decode()}")


def relocated(data: bytes, btf: Btf) -> tuple[Relocator, list[list[object]]]:
    """Return what all relocations of an object become."""
    spec = c.read_programs(data)
    relocator = Relocator(Btf(spec.btf), CoreTarget("vmlinux", btf))
    results = [relocator.calculate(p.name, relo) for p in spec.programs.values() for relo in p.core_relos]
    return relocator, [[r.kind, r.local, r.new, r.new_size, r.is_poisoned] for r in results]


def main(packages: Path) -> None:
    """Write all of it."""
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        objects = {
            name: c.compile_c(DATA / f"{name}.bpf.c", folder / f"{name}.o") for name in ("kernels", "modules")
        }
        for version, beginnings in KERNELS.items():
            files = [max(packages.glob(f"{beginning}*-cloud-amd64_*.deb")) for beginning in beginnings]
            tree = folder / version
            for file in files:
                subprocess.run(["dpkg", "-x", file, tree], check=True)
            kernel = next(p for p in sorted(tree.rglob("vmlinuz*")) if p.is_file())
            vmlinux = Btf(section(unpacked(kernel), b".BTF"))
            overlay = Btf(section(unpacked(next(tree.rglob("overlay.ko*"))), b".BTF"), base=vmlinux)
            relocator, values = relocated(objects["kernels"], vmlinux)
            (DATA / f"vmlinux-{version}.btf").write_bytes(minimise(vmlinux, [relocator]))
            relocator, of_module = relocated(objects["modules"], overlay)
            base, split = minimise_split(overlay, [relocator])
            (DATA / f"overlay-base-{version}.btf").write_bytes(base)
            (DATA / f"overlay-{version}.btf").write_bytes(split)
            found[version] = {
                "packages": [f.name for f in files],
                "sha256": [hashlib.sha256(btf.data).hexdigest() for btf in (vmlinux, overlay)],
                "kernels": values, "modules": of_module,
            }  # fmt: skip
    (DATA / "kernels.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:  # tests/kernel/test_core_kernels.py compares what is kept with what it was made for
        print("not checked: the kernels' packages are not kept here")
    else:
        main(Path(sys.argv[1]))
