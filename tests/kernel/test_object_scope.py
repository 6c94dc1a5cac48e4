"""Whom the programs of an object see: with a command that and its descendants, unless everyone is asked for."""

from __future__ import annotations

import os
import sys

import pytest

import ebee
from clang_objects import compile_text

pytestmark = pytest.mark.needs_kernel

HEAD = '#include "ebpf.h"\nchar LICENSE[] SEC("license") = "GPL";\n'
SEEN = """
struct {
    __uint(type, 1); __uint(max_entries, 4096); __type(key, __u32); __type(value, __u64);
} seen SEC(".maps");
static __always_inline int see(void)
{
    __u32 pid = bpf_get_current_pid_tgid() >> 32;
    __u64 one = 1;
    bpf_map_update_elem(&seen, &pid, &one, 0);
    return 0;
}
"""
RAW = HEAD + SEEN + 'SEC("raw_tp/sys_enter") int on_call(void *ctx) { return see(); }\n'
TRACEPOINT = HEAD + SEEN + 'SEC("tp/syscalls/sys_enter_getpgid") int on_call(void *ctx) { return see(); }\n'
TYPED = HEAD + SEEN + 'SEC("tp_btf/sched_process_exec") int on_call(void *ctx) { return see(); }\n'
# An array of programs: what is called later is in it, and acts for whom the first one acts.
CALLING = HEAD + SEEN + """
int later(void *ctx);
struct {
    __uint(type, 3); __uint(max_entries, 1); __uint(key_size, 4); __array(values, int(void *));
} jumps SEC(".maps") = { .values = { [0] = (void *)&later } };
SEC("raw_tp") int later(void *ctx) { return see(); }
SEC("raw_tp/sys_enter") int on_call(void *ctx) { bpf_tail_call(ctx, &jumps, 0); return 0; }
"""
WORK = """
import os, sys
os.getpgid(0)
child = os.fork()
if not child:
    os.getpgid(0)
    os.execv("/bin/true", ["true"])
os.wait()
open(sys.argv[1], "w").write(f"{os.getpid()} {child}")
"""


@pytest.mark.parametrize("source", [RAW, TRACEPOINT, TYPED, CALLING], ids=["raw", "tracepoint", "typed", "tail call"])
def test_a_command_and_its_descendants(source, tmp_path):
    command = [sys.executable, "-S", "-c", WORK, str(tmp_path / "pids")]
    with ebee.load(compile_text(source)) as obj:
        with obj.attach(command=command) as attachment:
            os.getpgid(0)
            assert attachment.wait() == 0
        pids = {int(word) for word in (tmp_path / "pids").read_text().split()}
        assert set(obj.maps["seen"]) == pids
        if source is TYPED:
            return
        with obj.attach(command=command, everyone=True) as attachment:
            os.getpgid(0)
            assert attachment.wait() == 0
        assert os.getpid() in obj.maps["seen"]


def test_what_runs_for_no_process_follows_no_command():
    text = HEAD + 'SEC("raw_tp/softirq_entry") int on_interrupt(void *ctx) { return 0; }'
    with ebee.load(compile_text(text)) as obj:
        with pytest.raises(ebee.NotSupported, match="following a command with programs of section") as e:
            obj.attach(command=["true"])
        assert "--all" in e.value.hint
        with obj.attach(command=["true"], everyone=True) as attachment:
            assert attachment.wait() == 0
