"""Every tool in examples/ is an object that Debian's bpftool, and so libbpf, loads as it is."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

import ebee
from ebee.api import options
from ebee.cli.disasm import probes_of
from ebee.errors import CompileError
from ebee.types.probes import distinct

ROOT = Path(__file__).resolve().parents[2]
BPFTOOL = shlex.split(os.environ.get("EBEE_BPFTOOL", "bpftool"))
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# libbpf 1.1 does not know the sections of tcx and of uprobes on many functions: there the type is said to bpftool.
LOAD = """
mount -t bpf none mnt || exit 1
for file in *.o; do
    mkdir mnt/${file%%.o}
    type=
    %s prog loadall $file mnt/${file%%.o}/p pinmaps mnt/${file%%.o}/m >$file.said 2>&1
    grep -q "failed to guess program type from ELF section 'tcx/" $file.said && type=classifier
    grep -q "failed to guess program type from ELF section 'u.*probe.multi/" $file.said && type=kprobe
    if [ $type ]; then
        %s prog loadall $file mnt/${file%%.o}/p type $type pinmaps mnt/${file%%.o}/m >$file.said 2>&1
    fi
    if [ -d mnt/${file%%.o}/p ]; then
        ls mnt/${file%%.o}/p | tr '\\n' ' ' >$file.programs
    fi
    rm -r mnt/${file%%.o}
done
"""


def compiled(file):
    """The object for any kernel; for this one where it needs to know the kernel's types."""
    before = options.current
    try:
        probes = probes_of(str(file))
    finally:
        options.current = before
    try:
        made = ebee.compile(*probes)
    except CompileError as error:
        if "BTF" not in str(error) + "".join(d.message + d.hint for d in error.diagnostics):
            raise
        made = ebee.compile(*probes, target="kernel")
    return made, {name for probe in distinct(probes) for name in probe.programs()}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """What bpftool said of each tool, the programs that it pinned (None: not loaded), and those that there are."""
    directory = tmp_path_factory.mktemp("objects")
    (directory / "mnt").mkdir()
    wanted = {}
    for file in EXAMPLES:
        made, wanted[file.stem] = compiled(file)
        made.save(directory / f"{file.stem}.o")
    tool = " ".join(map(shlex.quote, BPFTOOL))
    script = LOAD % (tool, tool)
    argv = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child", "sh", "-c", script]
    subprocess.run(argv, cwd=directory, capture_output=True, timeout=120)
    result = {}
    for name, programs in wanted.items():
        said, pinned = directory / f"{name}.o.said", directory / f"{name}.o.programs"
        found = set(pinned.read_text().split()) if pinned.exists() else None
        result[name] = (said.read_text() if said.exists() else "not tried", found, programs)
    return result


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.needs_tool(BPFTOOL[0], "unshare", "mount")
@pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
@pytest.mark.parametrize("name", [file.stem for file in EXAMPLES])
def test_bpftool_loads_it(loaded, name):
    said, pinned, programs = loaded[name]
    assert pinned == programs, said
