"""Types as C: declarators, nesting, bit fields, and what is too large."""

from __future__ import annotations

import pytest
from btf_examples import every_kind

from ebee.btf.build import BtfBuilder
from ebee.btf.c_format import format_declaration, format_type
from ebee.btf.read import Btf, Member
from ebee.errors import BtfError


@pytest.fixture(scope="module")
def example():
    data, ids = every_kind()
    return Btf(data), ids


NODE = """\
struct node {
	struct node *next;
	union {
		struct {
			int x;
			int y;
		} both;
		struct {
			int x;
			int y;
		};
	};
	int numbers[3];
	unsigned char low : 3;
	unsigned char high : 5;
};"""


def test_structs(example):
    btf, ids = example
    assert format_type(btf.by_id(ids["node"])) == NODE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("int", "int;"),
        ("float", "float;"),
        ("fwd", "struct hidden;"),
        ("fwd_union", "union veiled;"),
        ("node_t", "typedef struct node node_t;"),
        ("volatile", "volatile const node_t;"),
        ("restrict", "volatile const node_t *restrict;"),
        ("tagged", 'int __attribute__((btf_type_tag("user"))) *;'),
        ("color", "enum color {\n\tRED = 0,\n\tGREEN = 4294967295,\n};"),
        ("shade", "enum shade {\n\tDARK = -1,\n\tLIGHT = 1,\n};"),
        ("wide", "enum wide {\n\tFAR = 1099511627776,\n\tNEAR = 1,\n};"),
        ("func", "int visit(struct node *n, ...);"),
        ("var", "struct node root;"),
        ("datasec", "/* section .data, 32 bytes */\nstruct node root; /* 0, 32 bytes */\n"),
        ("decl_tag", '/* btf_decl_tag("entry") */'),
    ],
)
def test_every_kind(example, name, text):
    btf, ids = example
    assert format_type(btf.by_id(ids[name])) == text


def test_declarators_are_read_from_the_inside_out():
    b = BtfBuilder()
    number, char = b.add_signed("int", 4), b.add_int("char", 1, 2)
    table = b.add_array(b.add_array(number, 3), 2)
    handler = b.add_ptr(b.add_func_proto(0, [("what", b.add_ptr(b.add_const(char)))]))
    maker = b.add_func_proto(b.add_ptr(table), [("", handler)])
    void_ptr = b.add_ptr(0)
    const_ptr = b.add_const(b.add_ptr(b.add_const(char)))
    btf = Btf(b.encode())
    assert format_declaration(btf, table, "t") == "int t[2][3]"
    assert format_declaration(btf, void_ptr, "p") == "void *p"
    assert format_declaration(btf, handler, "h") == "void (*h)(const char *what)"
    assert format_declaration(btf, maker, "make") == "int (*make(void (*)(const char *what)))[2][3]"
    assert format_declaration(btf, const_ptr, "c") == "const char *const c"
    assert format_declaration(btf, handler) == "void (*)(const char *what)"
    assert format_declaration(btf, 0) == "void"


def test_what_contains_itself_or_explodes_is_refused():
    b = BtfBuilder()
    self_id = b.reserve()
    b.add_struct("", 8, [Member("again", self_id, 0)], id=self_id)
    with pytest.raises(BtfError, match="nested too deeply"):
        format_type(Btf(b.encode()).by_id(self_id))
    b = BtfBuilder()
    inner = b.add_signed("int", 4)
    for _ in range(40):
        inner = b.add_struct("", 8, [Member("a", inner, 0), Member("b", inner, 32)])
    with pytest.raises(BtfError, match="too large"):
        format_type(Btf(b.encode()).by_id(inner))
