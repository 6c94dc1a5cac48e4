"""The instruction table: one row for every instruction form of RFC 9669 and of Linux since.

Everything that knows instructions is driven by it: `row_of` (and so `decode`), the assembler and the
disassembler (through the rows' syntax patterns) and the reference page. Engine, JITs and verifier register
handlers by row name.

Names are systematic: `add64_imm`, `add32_reg`, `sdiv64_reg`, `neg32`, `movsx64_8` (64-bit dst, 8-bit
source), `le16`, `be32`, `bswap64`, `jeq_imm`, `jeq32_reg`, `ja`, `gotol`, `ldxw`, `ldxsw`, `stw`, `stxw`,
`atomic_add64`, `atomic_fetch_add32`, `atomic_xchg64`, `atomic_cmpxchg64`, `load_acq8`, `store_rel64`,
`lddw`, `lddw_map_fd`, `call_helper`, `call_local`, `call_kfunc`, `ldabsw`, `ldindb`.

Source: RFC 9669; Linux include/uapi/linux/bpf.h, kernel/bpf/verifier.c (field checks), kernel/bpf/disasm.c.
"""

from __future__ import annotations

from ..errors import FormatError
from .opcodes import (
    BPF_ABS,
    BPF_ADD,
    BPF_ALU,
    BPF_ALU64,
    BPF_AND,
    BPF_ARSH,
    BPF_ATOMIC,
    BPF_B,
    BPF_CMPXCHG,
    BPF_DIV,
    BPF_DW,
    BPF_END,
    BPF_FETCH,
    BPF_H,
    BPF_HELPER_CALL,
    BPF_IND,
    BPF_JCOND,
    BPF_JEQ,
    BPF_JGE,
    BPF_JGT,
    BPF_JLE,
    BPF_JLT,
    BPF_JMP,
    BPF_JMP32,
    BPF_JNE,
    BPF_JSET,
    BPF_JSGE,
    BPF_JSGT,
    BPF_JSLE,
    BPF_JSLT,
    BPF_K,
    BPF_LD,
    BPF_LDX,
    BPF_LOAD_ACQ,
    BPF_LSH,
    BPF_MEM,
    BPF_MEMSX,
    BPF_MOD,
    BPF_MOV,
    BPF_MUL,
    BPF_NEG,
    BPF_OR,
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_FUNC,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_IDX,
    BPF_PSEUDO_MAP_IDX_VALUE,
    BPF_PSEUDO_MAP_VALUE,
    BPF_RSH,
    BPF_ST,
    BPF_STORE_REL,
    BPF_STX,
    BPF_SUB,
    BPF_W,
    BPF_X,
    BPF_XCHG,
    BPF_XOR,
    CALL,
    EXIT,
    GOTOL,
    JA,
    LDDW,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .insn import Insn

FIELDS = ("dst_reg", "src_reg", "off", "imm")

# The kinds of `imm` that hold two numbers, and the kinds of these: of a wide imm the low and the high 32
# bits, of `addr_spaces` the low and the high 16 bits. "": the high part is reserved.
IMM_PARTS: dict[int | str, tuple[str, str]] = {
    "map_fd": ("map_fd", ""),
    "map_fd_value": ("map_fd", "value_off"),
    "btf_id": ("btf_id", "btf_fd"),
    "func": ("func", ""),
    "map_idx": ("map_idx", ""),
    "map_idx_value": ("map_idx", "value_off"),
    "addr_spaces": ("addr_space", "addr_space"),
}


class Row:
    """One instruction form.

    Each of `dst_reg`, `src_reg`, `off` and `imm` is a number, the only value the field may have (0:
    reserved), or the kind of the operand it holds: `reg`, `mem` (s16 bytes), `jump` (slots from the
    following slot), `fd_idx` (index into fd_array), `s32`, `cmp` (s32 to compare with), `pkt` and `pkt_off`
    (s32 packet offset), `imm64`, `helper` (id), `kfunc` (BTF id) or a kind of `IMM_PARTS`.

    `syntax` is the canonical text, `conformance` the text in the language of the bpf_conformance suite,
    `aliases` further texts that the assembler reads; in all, {dst} {src} {off} {imm} {lo} {hi} stand for
    operands. `family`, `op` and `bits` (width of the operation or of the memory access) group rows for
    shared handlers. `group` is the RFC 9669 conformance group, `callx` or `post9669`; `since` the first
    Linux release, "" for none. Rows compare and hash by identity.
    """

    __slots__ = (
        "aliases", "bits", "conformance", "dst_reg", "family", "fixed", "group", "imm", "name", "off", "op",
        "opcode", "operation", "since", "source", "src_reg", "syntax",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        opcode: int,
        operation: str,
        syntax: str,
        conformance: str,
        aliases: tuple[str, ...] = (),
        *,
        family: str,
        op: str = "",
        bits: int = 64,
        dst: int | str = 0,
        src: int | str = 0,
        off: int | str = 0,
        imm: int | str = 0,
        group: str,
        since: str = "3.18",
        source: str,
    ) -> None:
        self.name, self.opcode, self.operation = name, opcode, operation
        self.syntax, self.conformance, self.aliases = syntax, conformance, aliases
        self.family, self.op, self.bits = family, op or family, bits
        self.dst_reg, self.src_reg, self.off, self.imm = dst, src, off, imm
        self.group, self.since, self.source = group, since, source
        self.fixed: tuple[tuple[str, int], ...] = tuple(
            [(field, value) for field, value in self._fields() if isinstance(value, int)]
        )

    def _fields(self) -> tuple[tuple[str, int | str], ...]:
        return (
            ("dst_reg", self.dst_reg), ("src_reg", self.src_reg), ("off", self.off), ("imm", self.imm),
        )  # fmt: skip

    @property
    def mnemonic(self) -> str:
        """The first word of the conformance syntax."""
        return self.conformance.split()[0]

    @property
    def operands(self) -> tuple[tuple[str, str], ...]:
        """The fields that hold operands, each with its kind."""
        return tuple((field, kind) for field, kind in self._fields() if isinstance(kind, str))

    @property
    def jump_field(self) -> str:
        """The field (`off` or `imm`) that holds a distance in slots from the following slot, or "".

        That of `call_local` leads to a function, as does that of `lddw_func`, which counts from the
        instruction's own second slot and is the low half of `imm`, signed.
        """
        return "off" if self.off == "jump" else "imm" if self.imm in ("jump", "func") else ""

    def __repr__(self) -> str:
        return f"<Row {self.name} {self.opcode:#04x}>"


# The operand that a source bit selects: name, bit, canonical text, conformance text.
_SOURCES = (("imm", BPF_K, "{imm}", "{imm}"), ("reg", BPF_X, "{src}", "%r{src}"))


def _alu_rows() -> list[Row]:
    # {d} and {s} are the operands of the operation, {m} is the mask of a shift.
    ops = (
        ("add", BPF_ADD, 0, "+=", "{d} + {s}"),
        ("sub", BPF_SUB, 0, "-=", "{d} - {s}"),
        ("mul", BPF_MUL, 0, "*=", "{d} * {s}"),
        ("div", BPF_DIV, 0, "/=", "{s} ? {d} / {s} : 0"),
        ("sdiv", BPF_DIV, 1, "s/=", "{s} ? {d} s/ {s} : 0"),
        ("or", BPF_OR, 0, "|=", "{d} | {s}"),
        ("and", BPF_AND, 0, "&=", "{d} & {s}"),
        ("lsh", BPF_LSH, 0, "<<=", "{d} << ({s} & {m})"),
        ("rsh", BPF_RSH, 0, ">>=", "{d} >> ({s} & {m})"),
        ("mod", BPF_MOD, 0, "%=", "{s} ? {d} % {s} : {d}"),
        ("smod", BPF_MOD, 1, "s%=", "{s} ? {d} s% {s} : {d}"),
        ("xor", BPF_XOR, 0, "^=", "{d} ^ {s}"),
        ("mov", BPF_MOV, 0, "=", "{s}"),
        ("arsh", BPF_ARSH, 0, "s>>=", "{d} s>> ({s} & {m})"),
    )
    rows = []
    for bits, alu_class, r, suffix in ((32, BPF_ALU, "w", "32"), (64, BPF_ALU64, "r", "")):
        wide = bits == 64
        dst, whole = ("dst", "dst = {}") if wide else ("(u32)dst", "dst = (u32)({})")
        group = f"base{bits}"
        for op, code, off, sign, formula in ops:
            for kind, x, text, conf in _SOURCES:
                value = ("src" if x else "(s64)imm") if wide else ("(u32)src" if x else "(u32)imm")
                rows.append(Row(
                    f"{op}{bits}_{kind}",
                    alu_class | code | x,
                    whole.format(formula.format(d=dst, s=value, m=bits - 1)),
                    f"{r}{{dst}} {sign} {r if x else ''}{text}",
                    f"{op}{suffix} %r{{dst}}, {conf}",
                    (f"{op}64 %r{{dst}}, {conf}",) if wide else (),
                    family="alu", op=op, bits=bits, dst="reg", src="reg" if x else 0, off=off,
                    imm=0 if x else "s32",
                    group=f"divmul{bits}" if code in (BPF_MUL, BPF_DIV, BPF_MOD) else group,
                    since="6.6" if off else "5.0" if op == "arsh" and not wide else "3.18",
                    source="RFC 9669 4.1",
                ))  # fmt: skip
        rows.append(Row(
            f"neg{bits}", alu_class | BPF_NEG, whole.format("-" + dst),
            f"{r}{{dst}} = -{r}{{dst}}", f"neg{suffix} %r{{dst}}", ("neg64 %r{dst}",) if wide else (),
            family="neg", bits=bits, dst="reg", group=group, source="RFC 9669 4.1",
        ))  # fmt: skip
        for size in (8, 16, 32) if wide else (8, 16):
            rows.append(Row(
                f"movsx{bits}_{size}", alu_class | BPF_MOV | BPF_X, whole.format(f"(s{bits})(s{size})src"),
                f"{r}{{dst}} = (s{size}){r}{{src}}", f"movsx{size}{bits} %r{{dst}}, %r{{src}}",
                family="movsx", bits=bits, dst="reg", src="reg", off=size, group=group, since="6.6",
                source="RFC 9669 4.1",
            ))  # fmt: skip
    for op, code, conf, since in (
        ("le", BPF_ALU, "le", "3.18"),
        ("be", BPF_ALU | BPF_X, "be", "3.18"),
        ("bswap", BPF_ALU64, "swap", "6.6"),
    ):
        for size in (16, 32, 64):
            rows.append(Row(
                f"{op}{size}", code | BPF_END, f"dst = {op}{size}((u{size})dst)",
                f"r{{dst}} = {op}{size} r{{dst}}", f"{conf}{size} %r{{dst}}",
                (f"bswap{size} %r{{dst}}",) if op == "bswap" else (),
                family="endian", op=op, bits=size, dst="reg", imm=size,
                group="base64" if size == 64 else "base32", since=since, source="RFC 9669 4.2",
            ))  # fmt: skip
    rows.append(Row(
        "addr_space_cast", BPF_ALU64 | BPF_MOV | BPF_X, "dst = src, from address space lo to hi",
        "r{dst} = addr_space_cast(r{src}, {hi}, {lo})", "addr_space_cast %r{dst}, %r{src}, {hi}, {lo}",
        family="addr_space_cast", dst="reg", src="reg", off=1, imm="addr_spaces", group="post9669",
        since="6.9", source="Linux kernel/bpf/disasm.c; verifier.c (0 to 1 and 1 to 0 only)",
    ))  # fmt: skip
    return rows


def _jump_rows() -> list[Row]:
    ops = (
        ("jeq", BPF_JEQ, "==", "u"), ("jgt", BPF_JGT, ">", "u"), ("jge", BPF_JGE, ">=", "u"),
        ("jset", BPF_JSET, "&", "u"), ("jne", BPF_JNE, "!=", "u"), ("jsgt", BPF_JSGT, "s>", "s"),
        ("jsge", BPF_JSGE, "s>=", "s"), ("jlt", BPF_JLT, "<", "u"), ("jle", BPF_JLE, "<=", "u"),
        ("jslt", BPF_JSLT, "s<", "s"), ("jsle", BPF_JSLE, "s<=", "s"),
    )  # fmt: skip
    rows = [
        Row(
            "ja", JA, "pc += off", "goto {off}", "ja {off}",
            family="ja", off="jump", group="base32", source="RFC 9669 4.3",
        ),
        Row(
            "gotol", GOTOL, "pc += imm", "gotol {imm}", "ja32 {imm}",
            family="ja", imm="jump", group="base32", since="6.6", source="RFC 9669 4.3",
        ),
        Row(
            "gotox", JA | BPF_X, "pc = dst", "gotox r{dst}", "gotox %r{dst}",
            family="gotox", dst="reg", group="post9669", since="6.19",
            source="Linux kernel/bpf/verifier.c, disasm.c: BPF_JMP|BPF_JA|BPF_X",
        ),
        Row(
            "may_goto", BPF_JMP | BPF_JCOND, "if (time is up) pc += off", "may_goto {off}", "may_goto {off}",
            family="may_goto", off="jump", group="post9669", since="6.9",
            source="Linux include/uapi/linux/bpf.h: BPF_JCOND with src_reg BPF_MAY_GOTO (0)",
        ),
    ]  # fmt: skip
    for bits, jmp_class, r, suffix in ((64, BPF_JMP, "r", ""), (32, BPF_JMP32, "w", "32")):
        for op, code, sign, number in ops:
            later = op in ("jlt", "jle", "jslt", "jsle")
            cast = f"({number}{bits})"
            for kind, x, text, conf in _SOURCES:
                value = "src" if x else "(s64)imm" if bits == 64 else "imm"
                rows.append(Row(
                    f"{op}{suffix}_{kind}", jmp_class | code | x,
                    f"if ({cast}dst {sign.lstrip('s')} {cast}{value}) pc += off",
                    f"if {r}{{dst}} {sign} {r if x else ''}{text} goto {{off}}",
                    f"{op}{suffix} %r{{dst}}, {conf}, {{off}}",
                    family="jump", op=op, bits=bits, dst="reg", src="reg" if x else 0, off="jump",
                    imm=0 if x else "cmp", group=f"base{bits}",
                    since="5.1" if bits == 32 else "4.14" if later else "3.18", source="RFC 9669 4.3",
                ))  # fmt: skip
    rows += [
        Row(
            "call_local", CALL, "call the function at pc + imm", "call {imm}", "call local {imm}",
            family="call", op="local", src=BPF_PSEUDO_CALL, imm="jump", group="base32", since="4.16",
            source="RFC 9669 4.3.2",
        ),
        Row(
            "call_helper", CALL, "r0 = helper function imm (r1 to r5)", "call {imm}", "call helper {imm}",
            family="call", op="helper", src=BPF_HELPER_CALL, imm="helper", group="base32",
            source="RFC 9669 4.3.1",
        ),
        Row(
            "call_kfunc", CALL, "r0 = kernel function with BTF id imm (r1 to r5), of the BTF fd_array[off]",
            "call {imm}{off}", "call runtime {imm}{off}",
            family="call", op="kfunc", src=BPF_PSEUDO_KFUNC_CALL, off="fd_idx", imm="kfunc", group="base32",
            since="5.13", source="RFC 9669 4.3.1; off: Linux 5.16",
        ),
        Row(
            "callx", CALL | BPF_X, "r0 = function at address dst (r1 to r5)", "callx r{dst}",
            "call helper %r{dst}", ("call r{dst}",),
            family="callx", dst="reg", group="callx", since="",
            source="LLVM 19 and bpf_conformance (LLVM 18 put the register in imm); Linux refuses it",
        ),
        Row("exit", EXIT, "return r0", "exit", "exit", family="exit", group="base32", source="RFC 9669 4.3"),
    ]  # fmt: skip
    return rows


_SIZES = (("b", 8, BPF_B), ("h", 16, BPF_H), ("w", 32, BPF_W), ("dw", 64, BPF_DW))


def _memory_rows() -> list[Row]:
    rows = []
    for letter, bits, size in _SIZES:
        group = "base64" if bits == 64 else "base32"
        u, s = f"*(u{bits} *)", f"*(s{bits} *)"
        narrow = bits < 64
        rows.append(Row(
            f"ldx{letter}", BPF_LDX | BPF_MEM | size, f"dst = {u}(src + off)",
            f"r{{dst}} = {u}(r{{src}} {{off}})", f"ldx{letter} %r{{dst}}, [%r{{src}}{{off}}]",
            (f"w{{dst}} = {u}(r{{src}} {{off}})",) if narrow else (),
            family="load", op="ldx", bits=bits, dst="reg", src="reg", off="mem", group=group,
            source="RFC 9669 5.1",
        ))  # fmt: skip
        if narrow:
            rows.append(Row(
                f"ldxs{letter}", BPF_LDX | BPF_MEMSX | size, f"dst = (s64){s}(src + off)",
                f"r{{dst}} = {s}(r{{src}} {{off}})", f"ldxs{letter} %r{{dst}}, [%r{{src}}{{off}}]",
                family="load", op="ldxs", bits=bits, dst="reg", src="reg", off="mem", group=group,
                since="6.6", source="RFC 9669 5.2",
            ))  # fmt: skip
        rows.append(Row(
            f"st{letter}", BPF_ST | BPF_MEM | size, f"{u}(dst + off) = imm",
            f"{u}(r{{dst}} {{off}}) = {{imm}}", f"st{letter} [%r{{dst}}{{off}}], {{imm}}",
            family="store", op="st", bits=bits, dst="reg", off="mem", imm="s32", group=group,
            source="RFC 9669 5.1",
        ))  # fmt: skip
        rows.append(Row(
            f"stx{letter}", BPF_STX | BPF_MEM | size, f"{u}(dst + off) = src",
            f"{u}(r{{dst}} {{off}}) = r{{src}}", f"stx{letter} [%r{{dst}}{{off}}], %r{{src}}",
            (f"{u}(r{{dst}} {{off}}) = w{{src}}",) if narrow else (),
            family="store", op="stx", bits=bits, dst="reg", src="reg", off="mem", group=group,
            source="RFC 9669 5.1",
        ))  # fmt: skip
    for letter, bits, size in _SIZES[:3]:
        u = f"*(u{bits} *)"
        rows.append(Row(
            f"ldabs{letter}", BPF_LD | BPF_ABS | size, f"r0 = ntoh({u}(packet + imm))",
            f"r0 = {u}skb[{{imm}}]", f"ldabs{letter} {{imm}}",
            family="packet", op="ldabs", bits=bits, imm="pkt", group="packet", since="3.19",
            source="RFC 9669 5.5",
        ))  # fmt: skip
        rows.append(Row(
            f"ldind{letter}", BPF_LD | BPF_IND | size, f"r0 = ntoh({u}(packet + src + imm))",
            f"r0 = {u}skb[r{{src}} {{imm}}]", f"ldind{letter} %r{{src}}, {{imm}}",
            family="packet", op="ldind", bits=bits, src="reg", imm="pkt_off", group="packet", since="3.19",
            source="RFC 9669 5.5",
        ))  # fmt: skip
    return rows


def _atomic_rows() -> list[Row]:
    ops = (("add", BPF_ADD, "+="), ("or", BPF_OR, "|="), ("and", BPF_AND, "&="), ("xor", BPF_XOR, "^="))
    rows = []
    for bits, size, r, wide, suffix, llvm in (
        (32, BPF_W, "w", "", "32", "32_32"),
        (64, BPF_DW, "r", "64", "", "_64"),
    ):
        cell, place, memory = f"(u{bits} *)(r{{dst}} {{off}})", "[%r{dst}{off}]", f"*(u{bits} *)(dst + off)"
        forms: list[tuple[str, int, str, str, str, str]] = []
        for op, code, sign in ops:
            forms.append((
                op, code, f"{memory} {sign} src",
                f"lock *{cell} {sign} r{{src}}", f"lock {op}{suffix} {place}, %r{{src}}",
                f"lock *{cell} {sign} {r}{{src}}",
            ))  # fmt: skip
        for op, code, sign in ops:
            forms.append((
                f"fetch_{op}", code | BPF_FETCH, f"old = {memory}; {memory} {sign} src; src = old",
                f"r{{src}} = atomic{wide}_fetch_{op}({cell}, r{{src}})",
                f"lock fetch {op}{suffix} {place}, %r{{src}}",
                f"{r}{{src}} = atomic_fetch_{op}({cell}, {r}{{src}})",
            ))  # fmt: skip
        forms.append((
            "xchg", BPF_XCHG, f"old = {memory}; {memory} = src; src = old",
            f"r{{src}} = atomic{wide}_xchg({cell}, r{{src}})", f"lock xchg{suffix} {place}, %r{{src}}",
            f"{r}{{src}} = xchg{llvm}(r{{dst}} {{off}}, {r}{{src}})",
        ))  # fmt: skip
        forms.append((
            "cmpxchg", BPF_CMPXCHG, f"old = {memory}; if (old == (u{bits})r0) {memory} = src; r0 = old",
            f"r0 = atomic{wide}_cmpxchg({cell}, r0, r{{src}})", f"lock cmpxchg{suffix} {place}, %r{{src}}",
            f"{r}0 = cmpxchg{llvm}(r{{dst}} {{off}}, {r}0, {r}{{src}})",
        ))  # fmt: skip
        for op, code, operation, syntax, conf, alias in forms:
            rows.append(Row(
                f"atomic_{op}{bits}", BPF_STX | BPF_ATOMIC | size, operation, syntax, conf,
                (alias,) if alias != syntax else (),
                family="atomic", op=op, bits=bits, dst="reg", src="reg", off="mem", imm=code,
                group=f"atomic{bits}", since="3.18" if op == "add" else "5.12", source="RFC 9669 5.3",
            ))  # fmt: skip
    for _letter, bits, size in _SIZES:
        narrow = bits < 64
        load = f" = load_acquire((u{bits} *)(r{{src}} {{off}}))"
        store = f"store_release((u{bits} *)(r{{dst}} {{off}}), "
        rows.append(Row(
            f"load_acq{bits}", BPF_STX | BPF_ATOMIC | size, f"dst = *(u{bits} *)(src + off), acquire",
            f"r{{dst}}{load}", f"load_acq{bits} %r{{dst}}, [%r{{src}}{{off}}]",
            (f"w{{dst}}{load}",) if narrow else (),
            family="atomic", op="load_acq", bits=bits, dst="reg", src="reg", off="mem", imm=BPF_LOAD_ACQ,
            group="post9669", since="6.15", source="Linux include/uapi/linux/bpf.h: BPF_LOAD_ACQ",
        ))  # fmt: skip
        rows.append(Row(
            f"store_rel{bits}", BPF_STX | BPF_ATOMIC | size, f"*(u{bits} *)(dst + off) = src, release",
            f"{store}r{{src}})", f"store_rel{bits} [%r{{dst}}{{off}}], %r{{src}}",
            (f"{store}w{{src}})",) if narrow else (),
            family="atomic", op="store_rel", bits=bits, dst="reg", src="reg", off="mem", imm=BPF_STORE_REL,
            group="post9669", since="6.15", source="Linux include/uapi/linux/bpf.h: BPF_STORE_REL",
        ))  # fmt: skip
    return rows


def _lddw_rows() -> list[Row]:
    value_of = "address of the first value of "
    forms = (
        ("lddw", 0, "imm64", "imm", "{imm} ll", "{imm}", "3.18"),
        ("lddw_map_fd", BPF_PSEUDO_MAP_FD, "map_fd", "address of the map with fd lo",
         "map[fd:{lo}]", "map_by_fd({lo})", "3.18"),
        ("lddw_map_value", BPF_PSEUDO_MAP_VALUE, "map_fd_value", value_of + "the map with fd lo, + hi",
         "map[fd:{lo}][0]{hi}", "map_val(map_by_fd({lo})){hi}", "5.2"),
        ("lddw_btf_id", BPF_PSEUDO_BTF_ID, "btf_id", "address of the kernel variable lo of BTF (fd hi)",
         "var[btf_id:{lo}{hi}]", "var_addr({lo}{hi})", "5.10"),
        ("lddw_func", BPF_PSEUDO_FUNC, "func", "address of the function at pc - 1 + (s32)lo",
         "subprog[{lo}]", "code_addr({lo})", "5.13"),
        ("lddw_map_idx", BPF_PSEUDO_MAP_IDX, "map_idx", "address of the map fd_array[lo]",
         "map[idx:{lo}]", "map_by_idx({lo})", "5.14"),
        ("lddw_map_idx_value", BPF_PSEUDO_MAP_IDX_VALUE, "map_idx_value",
         value_of + "the map fd_array[lo], + hi", "map[idx:{lo}][0]{hi}", "map_val(map_by_idx({lo})){hi}",
         "5.14"),
    )  # fmt: skip
    return [
        Row(
            name, LDDW, f"dst = {operation}", f"r{{dst}} = {text}", f"lddw %r{{dst}}, {conf}",
            (f"ld_pseudo r{{dst}}, {src}, {{imm}}",) + ((f"r{{dst}} = {text} ll",) if src else ()),
            family="lddw", op=name, dst="reg", src=src, imm=imm, group="base64", since=since,
            source="RFC 9669 5.4",
        )
        for name, src, imm, operation, text, conf, since in forms
    ]  # fmt: skip


ROWS: tuple[Row, ...] = (*_alu_rows(), *_jump_rows(), *_memory_rows(), *_atomic_rows(), *_lddw_rows())
BY_NAME: dict[str, Row] = {row.name: row for row in ROWS}


def _index() -> dict[int, tuple[str, dict[int, Row]]]:
    """Map each opcode to the field that tells its rows apart ("": it has one) and its rows by that field."""
    by_opcode: dict[int, list[Row]] = {}
    for row in ROWS:
        by_opcode.setdefault(row.opcode, []).append(row)
    index: dict[int, tuple[str, dict[int, Row]]] = {}
    for opcode, rows in by_opcode.items():
        index[opcode] = ("", {0: rows[0]})
        if len(rows) > 1:
            for field in ("src_reg", "off", "imm"):
                by_value = {value: row for row in rows for f, value in row.fixed if f == field}
                if len(by_value) == len(rows):
                    index[opcode] = (field, by_value)
                    break
    return index


_INDEX = _index()


def row_of(insn: Insn, slot: int | None = None) -> Row:
    """Return the row of `insn`; `slot` is the instruction's slot number, for the message of an error.

    Raises: FormatError if no row has the opcode and the selecting field, if a reserved field is not zero,
    or a register is above r10. (Linux leaves some reserved fields unchecked; RFC 9669 section 3.1 wants
    them zero.)
    """
    entry = _INDEX.get(insn.opcode)
    if entry is None:
        raise _refusal(slot, f"there is no instruction with opcode {insn.opcode:#04x}")
    selector, rows = entry
    row = rows.get(getattr(insn, selector) if selector else 0)
    if row is None:
        known = ", ".join(map(str, rows))
        why = f"opcode {insn.opcode:#04x} has no form with {selector} {getattr(insn, selector)}, only {known}"
        raise _refusal(slot, why)
    for field, value in row.fixed:
        if getattr(insn, field) != value:
            why = f"{row.name}: the field {field} is reserved and must be {value}, not {getattr(insn, field)}"
            raise _refusal(slot, why)
    if row.opcode == LDDW and row.imm in IMM_PARTS and not IMM_PARTS[row.imm][1] and insn.imm >> 32:
        why = f"{row.name}: imm of the second slot is reserved and must be 0, not {insn.imm >> 32}"
        raise _refusal(slot, why)
    if insn.dst_reg > 10 or insn.src_reg > 10:
        raise _refusal(slot, f"{row.name}: there is no register r{max(insn.dst_reg, insn.src_reg)}")
    return row


def _refusal(slot: int | None, why: str) -> FormatError:
    return FormatError(why if slot is None else f"instruction {slot}: {why}")
