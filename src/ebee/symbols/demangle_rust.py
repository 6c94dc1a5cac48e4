"""Names of Rust, as the compiler mangles them, to what the source says.

Source: RFC 2603 and "v0 Symbol Format" of the rustc book (`_R…`); the older way makes names of C++ (`_ZN…17h…E`).
"""

from __future__ import annotations

from .demangle_expressions import NotMangledError

_BASIC = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8", "i": "isize", "j": "usize",
    "l": "i32", "m": "u32", "n": "i128", "o": "u128", "p": "_", "s": "i16", "t": "u16", "u": "()", "v": "...",
    "x": "i64", "y": "u64", "z": "!",
}  # fmt: skip
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ESCAPES = {"SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ","}
_MOST_DEPTH, _MOST_PARTS, _MOST_CHARACTERS = 96, 1 << 13, 1 << 14


def is_older_rust(name: str) -> bool:
    """Whether a name is Rust's in the older way: nested, and its last part a hash."""
    at = name.rfind("17h")
    return name.startswith("_ZN") and at >= 0 and name[at + 19 : at + 20] == "E" and _is_hex(name[at + 3 : at + 19])


def _is_hex(text: str) -> bool:
    return len(text) == 16 and all(c in "0123456789abcdef" for c in text)


def demangle_older_rust(name: str) -> str:
    """Return what a name in the older way stands for, without its hash. Raises: NotMangledError."""
    at, parts = 3, []
    while name[at : at + 1] != "E":
        start = at
        while name[at : at + 1].isdigit() and at - start < 6:
            at += 1
        length = int(name[start:at] or "0")
        if not length or at + length > len(name):
            raise NotMangledError
        parts.append(_unescaped(name[at : at + length]))
        at += length
    return "::".join(parts[:-1])


def _unescaped(part: str) -> str:
    text, at = "", 1 if part.startswith("_$") else 0
    while at < len(part):
        end = part.find("$", at + 1) if part[at] == "$" else -1
        code = part[at + 1 : end] if end >= 0 else ""
        if code in _ESCAPES:
            text, at = text + _ESCAPES[code], end + 1
        elif code.startswith("u") and 1 < len(code) < 7 and all(c in "0123456789abcdef" for c in code[1:]):
            text, at = text + chr(int(code[1:], 16)), end + 1
        elif part.startswith("..", at):
            text, at = text + "::", at + 2
        else:
            text, at = text + part[at], at + 1
    return text


def demangle_rust(name: str) -> str:
    """Return what a name that begins with `_R` stands for. Raises: NotMangledError."""
    reader = _Reader(name)
    text = reader.path(True)
    if reader.at < len(name):  # the crate that it was made for
        reader.path(False)
    if reader.at != len(name):
        raise NotMangledError
    return text


class _Reader:
    """Reads a name from left to right. References count from after `_R`."""

    def __init__(self, name: str) -> None:
        self.name, self.at = name, 2
        self.depth = self.parts = self.lifetimes = 0

    def take(self, text: str) -> bool:
        if self.name.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def letter(self) -> str:
        self.at += 1
        self.parts += 1
        if self.at > len(self.name) or self.depth > _MOST_DEPTH or self.parts > _MOST_PARTS:
            raise NotMangledError
        return self.name[self.at - 1]

    def number(self) -> int:
        """Return a number of base 62: `_` is 0, `0_` is 1."""
        value, count = 0, 0
        while (letter := self.letter()) != "_":
            if letter not in _DIGITS or count > 12:
                raise NotMangledError
            value, count = value * 62 + _DIGITS.index(letter), count + 1
        return value + 1 if count else 0

    def back(self) -> int:
        """Go to an earlier place; return where to go on afterwards. Raises: NotMangledError for a later one."""
        here = self.at - 1
        to = self.number() + 2
        if to >= here:
            raise NotMangledError
        after, self.at = self.at, to
        return after

    def checked(self, text: str) -> str:
        if len(text) > _MOST_CHARACTERS:
            raise NotMangledError
        return text

    # Paths

    def identifier(self) -> tuple[str, int]:
        """Return a name, and the number that tells it from others."""
        number = self.number() + 1 if self.take("s") else 0
        is_punycode = self.take("u")
        start = self.at
        while self.name[self.at : self.at + 1].isdigit() and self.at - start < 6:
            self.at += 1
        if start == self.at:
            raise NotMangledError
        length = int(self.name[start : self.at])
        self.take("_")
        text = self.name[self.at : self.at + length]
        if len(text) != length:
            raise NotMangledError
        self.at += length
        if is_punycode:
            plain, _, rest = text.rpartition("_")
            try:
                text = (f"{plain}-{rest}" if plain else rest).encode().decode("punycode")
            except UnicodeError:
                raise NotMangledError from None
        return text, number

    def path(self, is_value: bool) -> str:
        self.depth += 1
        text = self.checked(self._path(is_value))
        self.depth -= 1
        return text

    def _path(self, is_value: bool) -> str:
        kind = self.letter()
        if kind == "C":
            return self.identifier()[0]
        if kind in "MXY":
            if kind != "Y":  # where the implementation is
                if self.take("s"):
                    self.number()
                self.path(False)
            text = self.type()
            return f"<{text}>" if kind == "M" else f"<{text} as {self.path(False)}>"
        if kind == "N":
            space, outer = self.letter(), self.path(is_value)
            name, number = self.identifier()
            if space.islower():
                return f"{outer}::{name}" if name else outer
            word = {"C": "closure", "S": "shim"}.get(space, space)
            return f"{outer}::{{{word}{':' if name else ''}{name}#{number}}}"
        if kind == "I":
            text = self.path(is_value)
            arguments = []
            while not self.take("E"):
                arguments.append(self.argument())
            return f"{text}{'::' if is_value else ''}<{', '.join(arguments)}>"
        if kind == "B":
            after = self.back()
            text = self.path(is_value)
            self.at = after
            return text
        raise NotMangledError

    def argument(self) -> str:
        if self.take("L"):
            return self.lifetime()
        return self.constant() if self.take("K") else self.type()

    def lifetime(self) -> str:
        index = self.number()
        if not index:
            return "'_"
        number = self.lifetimes - index
        if number < 0:
            raise NotMangledError
        return f"'{chr(97 + number)}" if number < 26 else f"'_{number}"

    def binder(self) -> tuple[str, int]:
        count = self.number() + 1 if self.take("G") else 0
        if count > 64:
            raise NotMangledError
        names = []
        for _ in range(count):
            self.lifetimes += 1
            names.append(f"'{chr(96 + self.lifetimes)}" if self.lifetimes <= 26 else f"'_{self.lifetimes - 1}")
        return f"for<{', '.join(names)}> " if names else "", count

    # Types and constants

    def type(self) -> str:
        self.depth += 1
        text = self.checked(self._type())
        self.depth -= 1
        return text

    def _type(self) -> str:
        kind = self.letter()
        if kind in _BASIC:
            return _BASIC[kind]
        if kind in "AS":
            text = self.type()
            return f"[{text}; {self.constant()}]" if kind == "A" else f"[{text}]"
        if kind == "T":
            parts = []
            while not self.take("E"):
                parts.append(self.type())
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if kind in "RQ":
            lifetime = self.lifetime() if self.take("L") else "'_"
            return f"&{'' if lifetime == chr(39) + '_' else lifetime + ' '}{'mut ' if kind == 'Q' else ''}{self.type()}"
        if kind in "PO":
            return f"*{'const' if kind == 'P' else 'mut'} {self.type()}"
        if kind == "F":
            return self._function()
        if kind == "D":
            return self._dyn()
        if kind == "B":
            after = self.back()
            text = self.type()
            self.at = after
            return text
        self.at -= 1
        return self.path(False)

    def _function(self) -> str:
        text, count = self.binder()
        text += "unsafe " if self.take("U") else ""
        if self.take("K"):
            abi = "C" if self.take("C") else self.identifier()[0].replace("_", "-")
            text += f'extern "{abi}" '
        parameters = []
        while not self.take("E"):
            parameters.append(self.type())
        returned = self.type()
        self.lifetimes -= count
        return f"{text}fn({', '.join(parameters)})" + ("" if returned == "()" else f" -> {returned}")

    def _dyn(self) -> str:
        text, count = self.binder()
        traits = []
        while not self.take("E"):
            trait = self.path(False)
            bindings = []
            while self.take("p"):
                name = self.identifier()[0]
                bindings.append(f"{name} = {self.type()}")
            if bindings:
                inner = ", ".join(bindings)
                trait = f"{trait[:-1]}, {inner}>" if trait.endswith(">") else f"{trait}<{inner}>"
            traits.append(trait)
        self.lifetimes -= count
        if not self.take("L"):
            raise NotMangledError
        lifetime = self.lifetime()
        return f"dyn {text}{' + '.join(traits)}{'' if lifetime == chr(39) + '_' else ' + ' + lifetime}"

    def constant(self) -> str:
        kind = self.letter()
        if kind == "B":
            after = self.back()
            text = self.constant()
            self.at = after
            return text
        if kind == "p":
            return "_"
        if kind not in "abchijlmnostxy":
            raise NotMangledError
        sign = "-" if self.take("n") else ""
        end = self.name.find("_", self.at)
        digits = self.name[self.at : end]
        if end < 0 or len(digits) > 32 or not all(c in "0123456789abcdef" for c in digits):
            raise NotMangledError
        self.at = end + 1
        value = int(digits or "0", 16)
        if kind == "b" and value < 2:
            return "true" if value else "false"
        if kind == "c":
            if value >= 0x110000:
                raise NotMangledError
            return repr(chr(value))
        return f"{sign}{value}"
