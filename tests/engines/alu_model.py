"""The arithmetic of RFC 9669 section 4, told a second time and differently: what the engines are compared with."""

from __future__ import annotations


def unsigned(value, bits):
    return value % (1 << bits)


def signed(value, bits):
    value = unsigned(value, bits)
    return value - (1 << bits) if value >= 1 << (bits - 1) else value


def truncated_quotient(a, b):
    quotient = abs(a) // abs(b)
    return quotient if (a >= 0) == (b >= 0) else -quotient


def operate(op, bits, dst, src):
    """Return the result of an `alu`, `neg`, `movsx` or `endian` row as an unsigned 64-bit number.

    `dst` and `src` are 64-bit register values; an immediate is its 32-bit value, sign-extended.
    """
    d, s = unsigned(dst, bits), unsigned(src, bits)
    sd, ss = signed(dst, bits), signed(src, bits)
    match op:
        case "add":
            result = sd + ss
        case "sub":
            result = sd - ss
        case "mul":
            result = sd * ss
        case "div":
            result = 0 if s == 0 else d // s
        case "mod":
            result = d if s == 0 else d - s * (d // s)
        case "sdiv":
            result = 0 if ss == 0 else truncated_quotient(sd, ss)
        case "smod":
            result = sd if ss == 0 else sd - ss * truncated_quotient(sd, ss)
        case "or":
            result = d + s - (d & s)
        case "and":
            result = d & s
        case "xor":
            result = (d | s) - (d & s)
        case "lsh":
            result = d * 2 ** (s % bits)
        case "rsh":
            result = d // 2 ** (s % bits)
        case "arsh":
            result = sd // 2 ** (s % bits)
        case "mov":
            result = s
        case "neg":
            result = 0 - sd
        case _:
            raise AssertionError(op)
    return unsigned(result, bits)


def sign_extend(bits, size, src):
    """Return `movsx<bits>_<size>`."""
    return unsigned(signed(src, size), bits)


def byte_swap(op, bits, dst):
    """Return `le`, `be` or `bswap` of `bits`, on a little-endian machine."""
    digits = f"{unsigned(dst, bits):0{bits // 4}x}"
    if op != "le":
        digits = "".join(digits[i : i + 2] for i in reversed(range(0, len(digits), 2)))
    return int(digits, 16)


def compares(op, bits, dst, src):
    """Return whether a jump of the `jump` family is taken."""
    d, s = unsigned(dst, bits), unsigned(src, bits)
    sd, ss = signed(dst, bits), signed(src, bits)
    return {
        "jeq": d == s, "jne": d != s, "jgt": d > s, "jge": d >= s, "jlt": d < s, "jle": d <= s,
        "jsgt": sd > ss, "jsge": sd >= ss, "jslt": sd < ss, "jsle": sd <= ss, "jset": (d & s) != 0,
    }[op]  # fmt: skip
