"""ebee.linux: what type checkers know of the kernel's structs, and that a probe does not mind."""

import subprocess
import sys

import pytest

import ebee
from ebee import Hash, u32, u64
from ebee.types import linux

counts = Hash(u32, u64)

SOURCE = """
import ebee

@ebee.tp_btf("sched_switch")
def switched(prev: ebee.linux.task_struct, next: ebee.linux.task_struct) -> None:
    pass

@ebee.raw_tracepoint("sys_enter")
def entered(ctx) -> None:  # type: ignore[no-untyped-def]
    task = ebee.current_task()
    reveal_type(task.real_parent.comm)
    reveal_type(task.se.vruntime)
    reveal_type(task.thread_info)
    reveal_type(task.no_such_field)
    reveal_type(ebee.linux.no_such_struct)
    x: str = task.pid
"""


@pytest.mark.slow
def test_type_checkers_know_the_fields(tmp_path):
    file = tmp_path / "typed.py"
    file.write_text(SOURCE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", file], capture_output=True, text=True
    )
    revealed = [line.partition("Revealed type is ")[2] for line in done.stdout.splitlines() if "Revealed" in line]
    wanted = ['"str"', '"int"', '"ebee.types.linux.thread_info"', '"Any"', '"Any"']
    assert [r.replace("builtins.", "") for r in revealed] == wanted, done.stdout
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(errors) == 1 and "Incompatible types in assignment" in errors[0]


def test_any_name_is_a_class_to_annotate_with():
    assert linux.task_struct is linux.task_struct and linux.task_struct.__name__ == "task_struct"
    assert linux.anything_else.__module__ == "ebee.types.linux"
    with pytest.raises(AttributeError):
        linux.__path__  # noqa: B018


@ebee.tp_btf("sched_switch")
def annotated(prev: ebee.linux.task_struct, next: ebee.linux.task_struct):
    counts[u32(prev.tgid)] += 1


@pytest.mark.needs_kernel
def test_a_probe_does_not_mind():
    assert ebee.compile(annotated, target="kernel").spec.programs["annotated"].insns
