"""Types of C++, as mangled names have them.

Source: Itanium C++ ABI, section 5.1.5.
"""

from __future__ import annotations

from .demangle_parts import after, each, flat, member_pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .demangle_cpp import Reader
    from .demangle_parts import Part

_BUILTIN = {
    "v": "void", "w": "wchar_t", "b": "bool", "c": "char", "a": "signed char", "h": "unsigned char", "s": "short",
    "t": "unsigned short", "i": "int", "j": "unsigned int", "l": "long", "m": "unsigned long", "x": "long long",
    "y": "unsigned long long", "n": "__int128", "o": "unsigned __int128", "f": "float", "d": "double",
    "e": "long double", "g": "__float128", "z": "...",
}  # fmt: skip
_BUILTIN_D = {
    "n": "decltype(nullptr)", "a": "auto", "c": "decltype(auto)", "d": "decimal64", "e": "decimal128",
    "f": "decimal32", "h": "half", "i": "char32_t", "s": "char16_t", "u": "char8_t",
}  # fmt: skip


def read_type(at: Reader) -> Part:
    """Read a type that is no substitution's whole; what may be named again is remembered."""
    letter = at.letter()
    if letter in _BUILTIN:
        at.at += 1
        return _BUILTIN[letter], ""
    if letter == "D" and at.name[at.at + 1 : at.at + 2] in _BUILTIN_D and at.at + 1 < len(at.name):
        at.at += 2
        return _BUILTIN_D[at.name[at.at - 1]], ""
    if letter == "u":
        at.at += 1
        text = at.source_name()
        if at.peek("I"):
            text += f"<{', '.join(t for a in at.template_arguments() for t in flat(a))}>"
        found: Part = (text, "")
    elif letter == "S" and not at.peek("St"):
        name = at.substitution()
        if not at.peek("I"):
            return name
        found = at.with_arguments(name, False)
    elif letter in ("r", "V", "K"):
        qualifiers = at.qualifiers()
        found = each(after(qualifiers), at.type())
    elif letter in ("P", "R", "O"):
        at.at += 1
        found = each(after({"P": "*", "R": "&", "O": "&&"}[letter]), at.type())
    elif letter in ("C", "G"):
        at.at += 1
        found = each(after(" _Complex" if letter == "C" else " _Imaginary"), at.type())
    elif letter == "U":
        at.at += 1
        text = at.source_name()
        if at.peek("I"):
            text += f"<{', '.join(t for a in at.template_arguments() for t in flat(a))}>"
        found = each(after(f" {text}"), at.type())
    elif letter == "F" or at.peek("Do") or at.peek("DO") or at.peek("Dx"):
        found = _function_type(at)
    elif letter == "A":
        found = _array(at)
    elif letter == "M":
        at.at += 1
        owner, member = at.type(), at.type()
        found = each(member_pointer, owner, member)
    elif letter == "T" and at.name[at.at + 1 : at.at + 2] not in tuple("sue"):
        found, number = at.parameter()
        at.known.append(number)
        if not at.peek("I") or at.is_conversion:  # then they are those of the operator
            return found
        found = at.with_arguments(found, False)
    elif at.take("Dp"):
        found = at.type()
    elif at.peek("Dt") or at.peek("DT"):
        found = at.decltype()
    elif at.take("Dv"):
        found = _vector(at)
    elif at.take("DF"):
        bits = at.number()
        found = (f"std::bfloat{bits}_t" if at.take("b") else f"_Float{bits}{'x' if at.take('x') else ''}", "")
        at.take("_")
        return found
    elif at.take("DB") or at.take("DU"):
        kind = "_BitInt" if at.name[at.at - 1] == "B" else "unsigned _BitInt"
        size = str(at.number()) if at.letter().isdigit() else at.expression()
        at.expect("_")
        return f"{kind}({size})", ""
    else:
        if letter == "T":
            at.at += 2
        found = at.name_of()[0]
    at.known.append(found)
    return found


def _function_type(at: Reader) -> Part:
    ends = ""
    if at.take("Do"):
        ends = " noexcept"
    elif at.take("DO"):
        ends = f" noexcept({at.expression()})"
        at.expect("E")
    at.take("Dx")
    at.expect("F")
    at.take("Y")
    returned, parameters = at.type(), at.parameters()
    ends = (" &" if at.take("R") else " &&" if at.take("O") else "") + ends
    at.expect("E")
    return each(lambda type: (type[0] + " ", parameters + ends + type[1]), returned)


def _array(at: Reader) -> Part:
    at.expect("A")
    size = ""
    if at.letter().isdigit():
        size = str(at.number())
    elif not at.peek("_"):
        size = at.expression()
    at.expect("_")
    return each(lambda type: (type[0] + (" " if not type[1] else ""), f"[{size}]{type[1]}"), at.type())


def _vector(at: Reader) -> Part:
    if at.letter().isdigit():
        size = str(at.number())
    else:
        at.expect("_")
        size = at.expression()
    at.expect("_")
    return each(after(f" __vector({size})"), at.type())
