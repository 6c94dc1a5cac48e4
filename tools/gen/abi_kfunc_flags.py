"""Generate src/ebee/abi/kfunc_flags.py from the kernel's sources, since its types do not say the flags.

    EBEE_KERNEL_SOURCES=linux-6.18 python tools/gen/abi_kfunc_flags.py [--check]

Where that is not set, or is of another version than the file, --check says so.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from pathlib import Path

from emit import SourceMissing, main, recorded

PATH = "src/ebee/abi/kfunc_flags.py"
# Where functions are registered that programs of the types that ebee has may call.
SOURCES = (
    "kernel/bpf/helpers.c", "kernel/bpf/cpumask.c", "kernel/bpf/crypto.c", "kernel/bpf/map_iter.c",
    "kernel/bpf/arena.c", "kernel/bpf/rqspinlock.c", "fs/bpf_fs_kfuncs.c", "net/core/filter.c", "net/core/xdp.c",
    "net/netfilter/nf_conntrack_bpf.c", "net/netfilter/nf_nat_bpf.c", "net/xfrm/xfrm_state_bpf.c",
    "net/ipv4/tcp_cong.c", "net/ipv4/tcp_cubic.c", "net/ipv4/tcp_bbr.c", "kernel/trace/bpf_trace.c",
    "kernel/cgroup/rstat.c",
)  # fmt: skip
FLAGS = {
    "KF_ACQUIRE": "acquire", "KF_RELEASE": "release", "KF_RET_NULL": "ret_null", "KF_TRUSTED_ARGS": "trusted",
    "KF_RCU": "rcu", "KF_RCU_PROTECTED": "rcu_protected", "KF_SLEEPABLE": "sleepable",
}  # fmt: skip
_REGISTERED = re.compile(r"BTF_ID_FLAGS\(\s*func\s*,\s*(\w+)\s*(?:,([^)]*))?\)")
_HEAD = '''"""What kernel functions ask for and give beyond what their types say: their flags, which BTF does not have.

`FLAGS` has by flag the functions that are registered with it. Those of iterators (new, next, destroy) follow from the
names. `TRUSTED`: pointers must be trusted; `RCU`: or protected by RCU; `RCU_PROTECTED`: only in an RCU region.
Compared with the sources of 6.12 and 7.3 where they have the function; what has a case in
tests/data/verifier/kfuncs.asm was asked of a 6.18 kernel, the rest was not.

Kernel: {version}
Source: BTF_ID_FLAGS() in
{sources}
tools/gen/abi_kfunc_flags.py makes it of these.
"""

from __future__ import annotations

FLAGS: dict[str, frozenset[str]] = {{
    flag: frozenset(words.split())
    for flag, words in {{
{rows}
    }}.items()
}}  # fmt: skip
'''


def tree() -> Path:
    """Return where the kernel's sources are. Raises: SourceMissing."""
    path = os.environ.get("EBEE_KERNEL_SOURCES")
    if not path:
        raise SourceMissing("EBEE_KERNEL_SOURCES names no tree of the kernel's sources")
    return Path(path)


def version_of(root: Path) -> str:
    """Return the version of a tree (`6.18`). Raises: OSError, SourceMissing for a directory that is none."""
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL) = (\d+)$", (root / "Makefile").read_text(), re.M))
    if len(found) != 2:
        raise SourceMissing(f"{root} has no Makefile of the kernel's")
    return f"{found['VERSION']}.{found['PATCHLEVEL']}"


def flags_in(text: str) -> dict[str, set[str]]:
    """Return the flags of the functions that a source registers."""
    flags: dict[str, set[str]] = {}
    for name, words in _REGISTERED.findall(text):
        flags.setdefault(name, set()).update(FLAGS[w] for w in re.findall(r"\w+", words) if w in FLAGS)
    return flags


def render(version: str, by_function: dict[str, set[str]]) -> str:
    """Return the module's text."""
    rows = []
    for flag in FLAGS.values():
        names = " ".join(sorted(name for name, flags in by_function.items() if flag in flags))
        lines = textwrap.wrap(names, 100)
        if len(lines) < 2:
            rows.append(f'        "{flag}": "{names}",')
            continue
        texts = "\n".join(f'            "{line}{" " * (line is not lines[-1])}"' for line in lines)
        rows.append(f'        "{flag}": (\n{texts}\n        ),')
    sources = textwrap.fill(", ".join(SOURCES) + ".", 119, break_on_hyphens=False)
    return _HEAD.format(version=version, sources=sources, rows="\n".join(rows))


def generate() -> str:
    root = tree()
    by_function: dict[str, set[str]] = {}
    for source in SOURCES:
        for name, flags in flags_in((root / source).read_text()).items():
            by_function.setdefault(name, set()).update(flags)
    return render(version_of(root), by_function)


def same_version(path: Path) -> None:
    """Raises: SourceMissing where there are no sources of the version that the file is of."""
    version, wanted = version_of(tree()), recorded(path, "Kernel")
    if version != wanted:
        raise SourceMissing(f"{path.name} is of Linux {wanted}, the sources of {version}")


if __name__ == "__main__":
    sys.exit(main(__doc__.split("\n")[0], PATH, generate, same_version))
