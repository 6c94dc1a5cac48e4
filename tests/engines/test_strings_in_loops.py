"""Strings that change in a loop: as in CPython, in the engine and in the kernel's loops whose body is a function."""

from __future__ import annotations

import pytest
from test_evaluation_order import Module

import ebee
from ebee.errors import CompileError

BODIES = {
    "the last one": """
s = 'none'
for i in range(a & 3):
    s = f'{i}x'
x = len(s) + ord(s[0])
""",
    "of fields": """
s = r.name
for i in range(b & 3):
    x = x + len(s) * 10
    s = whole.value.name if i else rows[0].name
    r.name = 'later'
x = x + len(s)
""",
    "from empty to long": """
s = ''
while len(s) < 9 and x < 9:
    x += 1
    s = f'{s}{x}'[:9]
x = len(s) * (1 + (s == '23456789') + 2 * s.startswith('2'))
""",
    "swapped": """
s, t = 'ab', 'xyz'
for i in range(a & 3):
    s, t = t, s
x = len(s) * 10 + len(t) + (s == 'ab')
""",
    "one behind the other": """
s = t = u = 'a'
for i in range(c & 3):
    u = t
    t = s
    s = f'{t}{i}'[:6]
x = len(s) * 100 + len(t) * 10 + len(u)
""",
    "with continue and break": """
s = 'start'[:4]
for i in range(d & 15):
    if i == 2:
        continue
    if i == 5:
        s = 'five'
        break
    if i > 2:
        s = f'{i}'
    x += len(s)
else:
    x += 100
x = x * 10 + len(s)
""",
    "nested": """
s = ''
for i in range(b & 3):
    t = s
    for k in range(a & 3):
        s = f'{k}{i}'
        if k == 2:
            break
    x = x + len(t) * 3 + len(s)
x += len(s) + s.startswith('1')
""",
    "unrolled inside": """
s = ''
for i in range(c & 3):
    for word in ('a', 'bcd', ''):
        if len(s) <= len(word):
            s = word
    x += len(s)
""",
    "in a function": """
s = ''
for i in range(c & 3):
    s = f'{s}{named(s, i) & 7}'[:5]
    x += rename(r, len(s))
    s = s if i else r.name[:3]
x = x * 8 + len(s)
""",
    "assigned before it is read": """
s = 'long string'
for i in range(c & 3):
    s = r.data[0]
    x += s
""",
}


@pytest.mark.parametrize("name", BODIES)
def test_strings_are_what_they_are_in_cpython(name):
    lines = BODIES[name].strip().split("\n")
    if name == "assigned before it is read":
        lines.append("s = ''")
    module = Module(lines)
    try:
        for inputs in ((0, 1, 2, 3), (1, 2, 3, 7), (3, 3, 1, 2), (2, 0, 3, 15)):
            assert module.run(inputs) == (module.python(inputs), False), inputs
    finally:
        module.close()


words = ebee.Hash(ebee.u32, ebee.u64)
last = ebee.Global(ebee.Str(32))


class Row(ebee.Struct):
    name: str = ebee.Str(8)


rows = ebee.Hash(ebee.u32, Row)


class In(ebee.Struct):
    n: ebee.u64
    size: ebee.u64


@ebee.syscall_program
def over_a_map(args: In):
    longest = ""
    for key, row in rows.items():
        if len(row.name) > len(longest):
            longest = row.name
        if key == 7:
            longest = "seven"
            break
    last.value = longest
    args.size = len(longest)
    return 0


@ebee.syscall_program
def many_turns(args: In):
    text = "start"
    for i in range(args.n):
        if i % 300 == 299:
            text = f"turn {i}"
    last.value = text
    args.size = len(text)
    return 0


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_loops_whose_body_is_a_function(backend):
    with ebee.Session(backend=backend) as session:
        given = In()
        session.run(over_a_map, ctx=given)
        assert (given.size, last.value) == (0, "")
        for key, name in ((1, "ab"), (2, "abcdef"), (3, "abc")):
            rows[key] = Row(name=name)
        session.run(over_a_map, ctx=given)
        assert (given.size, last.value) == (6, "abcdef")
        rows[7] = Row(name="x")
        session.run(over_a_map, ctx=given)
        assert last.value == "seven"
        for n, text in ((5, "start"), (1000, "turn 899")):
            given = In(n=n)
            session.run(many_turns, ctx=given)
            assert (given.size, last.value) == (len(text), text)


def test_what_is_no_string_later_is_refused():
    with pytest.raises(CompileError, match="s may grow in every turn of the loop"):
        Module(["for i in range(a & 3):", "    s = s + 'x'"]).close()
    with pytest.raises(CompileError, match="s changes in the loop, and is no integer, string or bytes"):
        Module(["for i in range(a & 3):", "    x += len(s)", "    s = 3", "s = ''"]).close()
