"""The kernel's format files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.errors import FormatError
from ebee.spec.target import TracepointField
from ebee.spec.tracepoint_format import parse_format, split_declaration

TEXT = """\
name: made_up
ID: 1
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:const char * path;	offset:8;	size:8;	signed:0;
	field:char comm[16];	offset:16;	size:16;	signed:0;
	field:__data_loc char[] name;	offset:32;	size:4;	signed:0;
	field:long code;	offset:40;	size:8;	signed:1;

print fmt: "field:int x; offset:1", REC->code
"""


def test_fields():
    format_ = parse_format("test:made_up", TEXT)
    assert format_.event == "test:made_up"
    assert list(format_.fields.values()) == [
        TracepointField("path", "const char *", 8, 8, False),
        TracepointField("comm", "char[16]", 16, 16, False),
        TracepointField("name", "__data_loc char[]", 32, 4, False),
        TracepointField("code", "long", 40, 8, True),
    ]


def test_events_without_fields():
    assert parse_format("test:empty", "name: empty\nID: 2\nformat:\n").fields == {}


@pytest.mark.parametrize(
    ("declaration", "name", "type_"),
    [
        ("int x", "x", "int"),
        ("const char *x", "x", "const char *"),
        ("const char * x", "x", "const char *"),
        ("char **x", "x", "char **"),
        ("u8 x[6]", "x", "u8[6]"),
        ("struct foo * x[2]", "x", "struct foo *[2]"),
        ("__rel_loc u64[] x", "x", "__rel_loc u64[]"),
    ],
)
def test_declarations(declaration, name, type_):
    assert split_declaration(declaration) == (name, type_)


@pytest.mark.parametrize(
    "text",
    ["", "not a format", "format:\n\tfield:int x;", "format:\n\tfield:int x;\toffset:a;\tsize:4;\tsigned:1;",
     "format:\n\tfield:int x;\toffset8;\tsize:4;"],
)  # fmt: skip
def test_other_text_is_refused(text):
    with pytest.raises(FormatError, match="test:made_up"):
        parse_format("test:made_up", text)


@given(st.text(max_size=60), st.integers(0, len(TEXT)))
def test_damaged_text(noise, at):
    try:
        parse_format("test:made_up", TEXT[:at] + noise + TEXT[at + len(noise) :])
    except FormatError:
        pass
