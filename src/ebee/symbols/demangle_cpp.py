"""Names of C++, as compilers mangle them, to what the source says.

Recursion and the length of texts are bounded, as every name may stand for the whole of an earlier one.
Source: Itanium C++ ABI, section 5.1.
"""

from __future__ import annotations

from .demangle_expressions import BINARY, EXPRESSIONS, UNARY, NotMangledError
from .demangle_letters import Letters
from .demangle_parts import MOST_CHARACTERS, each, flat, joined, last_name, text_of
from .demangle_types import read_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .demangle_parts import Part, Type

_ABBREVIATED = {
    "t": "std", "a": "std::allocator", "b": "std::basic_string", "s": "std::string", "i": "std::istream",
    "o": "std::ostream", "d": "std::iostream",
}  # fmt: skip
_IN_FULL = {"s": "basic_string", "i": "basic_istream", "o": "basic_ostream", "d": "basic_iostream"}
_CHARS = "<char, std::char_traits<char>>"
_OPERATORS = UNARY | BINARY | {
    "nw": " new", "na": " new[]", "dl": " delete", "da": " delete[]", "aw": " co_await", "cl": "()", "ix": "[]",
    "pt": "->", "qu": "?",
}  # fmt: skip
_LITERAL_ENDS = {
    "unsigned int": "u", "long": "l", "unsigned long": "ul", "long long": "ll", "unsigned long long": "ull"
}  # fmt: skip
_SPECIAL = {
    "TV": "vtable for ", "TT": "VTT for ", "TI": "typeinfo for ", "TS": "typeinfo name for ",
    "GV": "guard variable for ", "TW": "TLS wrapper function for ", "TH": "TLS init function for ",
    "GTt": "transaction clone for ", "GTn": "non-transaction clone for ",
}  # fmt: skip


def demangle_cpp(name: str) -> str:
    """Return what a name that begins with `_Z` stands for. Raises: NotMangledError."""
    reader = Reader(name, 2)
    text = reader.encoding()
    if reader.at != len(name):
        raise NotMangledError
    return text


class Reader(Letters):
    """Reads a name from left to right."""

    def __init__(self, name: str, at: int) -> None:
        super().__init__(name, at)
        self.known: list[Part | int] = []  # what S_ and its like stand for; a number: a parameter of the template
        self.arguments: list[Part] = []  # what T_ and its like stand for
        self.later: list[str] = []  # parameters of a template in the name of a conversion, which come after it
        self.whole: list[bool] = []  # of the arguments read last, whether each is a pack spread out, not one by one
        self.in_lambda = 0

    # Functions and variables

    def encoding(self, *, is_scope: bool = False) -> str:
        """Return a function or variable; a function that is a scope is named without what it returns."""
        self.deeper()
        text = self._special() if self.letter() in ("T", "G") else self._function(is_scope)
        self.depth -= 1
        if len(text) > MOST_CHARACTERS:
            raise NotMangledError
        return text

    def _special(self) -> str:
        for code, words in _SPECIAL.items():
            if self.take(code):
                if code[0] == "T" and code[1] in "VTIS":
                    return words + text_of(self.type())
                return words + (self.encoding() if code.startswith("GT") else text_of(self.name_of()[0]))
        if self.take("GR"):
            text = text_of(self.name_of()[0])
            return f"reference temporary #{self.sequence()} for {text}"
        if self.take("TC"):
            whole = text_of(self.type())
            self.number()
            self.expect("_")
            return f"construction vtable for {text_of(self.type())}-in-{whole}"
        if self.take("Tc"):
            self._offset()
            self._offset()
            return "covariant return thunk to " + self.encoding()
        for code, words in (("Th", "non-virtual thunk to "), ("Tv", "virtual thunk to ")):
            if self.peek(code):
                self.at += 1
                self._offset()
                return words + self.encoding()
        raise NotMangledError

    def _offset(self) -> None:
        for _ in range(2 if self.take("v") else 1 if self.take("h") else 3):
            self.take("n")
            self.number()
            self.expect("_")

    def _function(self, is_scope: bool) -> str:
        name, has_return, qualifiers = self.name_of(is_outermost=True)
        text = text_of(name)
        if self.at == len(self.name) or self.letter() in ("E", "."):
            return text + qualifiers
        left = right = ""
        if has_return:
            returned = self.type()
            if isinstance(returned, list):
                raise NotMangledError
            left, right = ("", "") if is_scope else returned
            left += " " if left and not right.startswith(")") and not left.endswith(" ") else ""
        return f"{left}{text}{self.parameters()}{qualifiers}{right}"

    def parameters(self) -> str:
        """Return the parameters of a function, to its end."""
        found: list[str] = []
        while self.at < len(self.name) and self.letter() not in ("E", ".", "@", "Q"):
            if self.peek("RE") or self.peek("OE"):  # of the function, not of a type
                break
            found += flat(self.type())
        return "(" + ", ".join([] if found == ["void"] else found) + ")"

    # Names

    def name_of(self, *, is_outermost: bool = False) -> tuple[Part, bool, str]:
        """Return a name, whether a type to return follows it, and the qualifiers of a member function."""
        self.deeper()
        try:
            if self.take("N"):
                return self._nested(is_outermost)
            if self.take("Z"):
                return self._local(is_outermost)
            if self.peek("S") and not self.peek("St"):
                name = self.substitution()
                if not self.peek("I"):
                    return name, False, ""
            else:
                scope = "std::" if self.take("St") else ""
                plain, is_plain = self.unqualified("")
                name = (scope + plain, "")
                if not self.peek("I"):
                    return name, False, ""
                self.known.append(name)
                return self.with_arguments(name, is_outermost), is_plain, ""
            return self.with_arguments(name, is_outermost), True, ""
        finally:
            self.depth -= 1

    def _nested(self, is_outermost: bool) -> tuple[Part, bool, str]:
        qualifiers = self.qualifiers()
        qualifiers += " &" if self.take("R") else " &&" if self.take("O") else ""
        name: Part | None = None
        has_return = is_plain = False
        while not self.take("E"):
            self.parts += 1
            known = len(self.known)
            if self.peek("I"):
                if name is None:
                    raise NotMangledError
                name, has_return = self.with_arguments(name, is_outermost), is_plain
            elif self.peek("S") and not self.peek("St") and name is None:
                name = self.substitution(is_scope=True)
                known = -1
            elif self.take("St"):
                name, known = ("std", ""), -1
            elif self.peek("T") and name is None:
                name, number = self.parameter()
                self.known.append(number)
                known = -1
            elif (self.peek("Dt") or self.peek("DT")) and name is None:
                name = self.decltype()
            elif self.take("M"):
                continue
            else:
                scope = text_of(name) if name is not None else ""
                plain, is_plain = self.unqualified(last_name(scope))
                if name is None:
                    name = (plain, "")
                else:
                    name = each(lambda outer, plain=plain: (f"{outer[0]}{outer[1]}::{plain}", ""), name)
                has_return = False
            if known >= 0 and not self.peek("E"):
                self.known.append(name)
            if self.at >= len(self.name):
                raise NotMangledError
        if name is None:
            raise NotMangledError
        return name, has_return, qualifiers

    def _local(self, is_outermost: bool) -> tuple[Part, bool, str]:
        outer = self.encoding(is_scope=True)
        self.expect("E")
        if self.take("s"):
            self._discriminator()
            return (f"{outer}::string literal", ""), False, ""
        if self.take("d"):
            number = self.number() + 2 if self.letter() != "_" else 1
            self.expect("_")
            outer += f"::{{default arg#{number}}}"
        inner, has_return, qualifiers = self.name_of(is_outermost=is_outermost)
        self._discriminator()
        return each(lambda name: (f"{outer}::{name[0]}{name[1]}", ""), inner), has_return, qualifiers

    def _discriminator(self) -> None:
        if self.take("__"):
            self.number()
            self.expect("_")
        elif self.peek("_") and self.name[self.at + 1 : self.at + 2].isdigit():
            self.at += 2

    def with_arguments(self, name: Part, is_outermost: bool) -> Part:
        """Read the arguments of a template that has this name."""
        arguments = self.template_arguments()
        if is_outermost:
            self.arguments = arguments
            for n, mark in enumerate(self.later):
                value = text_of(arguments[n]) if n < len(arguments) else ""
                if not value:
                    raise NotMangledError
                name = each(lambda outer, m=mark, v=value: (outer[0].replace(m, v), outer[1].replace(m, v)), name)
            self.later = []
        space = " " if text_of(name).endswith("<") else ""
        parts = [(text_of(a), "") if is_whole else a for a, is_whole in zip(arguments, self.whole)]

        def make(outer: Type, *inner: Type) -> Type:
            text = ", ".join(filter(None, map(joined, inner)))
            return f"{outer[0]}{outer[1]}{space}<{text}>", ""

        return each(make, name, *parts)

    def template_arguments(self) -> list[Part]:
        """Return the arguments of a template."""
        self.expect("I")
        found: list[Part] = []
        whole = []
        while not self.take("E"):
            whole.append(self.letter() == "J" or self.peek("Dp"))
            found.append(self.template_argument())
        self.whole = whole
        return found

    def template_argument(self) -> Part:
        self.deeper()
        try:
            if self.take("J"):
                pack: list[Part] = []
                while not self.take("E"):
                    pack.append(self.template_argument())
                return pack
            if self.take("X"):
                text = self.expression()
                self.expect("E")
                return text, ""
            return (self.literal(), "") if self.peek("L") else self.type()
        finally:
            self.depth -= 1

    def unqualified(self, owner: str) -> tuple[str, bool]:
        """Return a name without its scope, and whether as a template it would say what it returns."""
        self.take("L")
        start, is_plain = self.letter(), True
        if start.isdigit():
            text = self.source_name()
        elif self.take("Ut"):
            text = f"{{unnamed type#{self._count()}}}"
        elif self.take("Ul"):
            self.in_lambda += 1
            parameters = self.parameters()
            self.in_lambda -= 1
            self.expect("E")
            text = f"{{lambda{parameters}#{self._count()}}}"
        elif self.take("DC"):
            names = []
            while not self.take("E"):
                names.append(self.source_name())
            text = f"[{', '.join(names)}]"
        elif start in ("C", "D") and self.name[self.at + 1 : self.at + 2] in tuple("012345I"):
            self.at += 1
            inherited = start == "C" and self.take("I")
            self.at += 1
            if inherited:
                self.type()
            if not owner:
                raise NotMangledError
            text, is_plain = ("~" if start == "D" else "") + owner, False
        else:
            text, is_plain = self.operator()
        while self.take("B"):
            text += f"[abi:{self.source_name()}]"
        return text, is_plain

    def _count(self) -> int:
        number = self.number() + 2 if self.letter() != "_" else 1
        self.expect("_")
        return number

    def operator(self) -> tuple[str, bool]:
        if self.take("cv"):
            self.is_conversion = True
            text = f"operator {self.type_text()}"
            self.is_conversion = False
            return text, False
        if self.take("li"):
            return f'operator"" {self.source_name()}', True
        if self.letter() == "v" and self.name[self.at + 1 : self.at + 2].isdigit():
            self.at += 2
            return f"operator {self.source_name()}", True
        code = self.name[self.at : self.at + 2]
        if code not in _OPERATORS:
            raise NotMangledError
        self.at += 2
        return "operator" + _OPERATORS[code], True

    is_conversion = False

    # What came before

    def substitution(self, *, is_scope: bool = False) -> Part:
        self.expect("S")
        letter = self.letter()
        if letter in _ABBREVIATED:
            self.at += 1
            after = self.name[self.at : self.at + 2]
            text = _ABBREVIATED[letter]
            if is_scope and letter in _IN_FULL and (after[:1] == "C" or after[:1] == "D" and after[1:] in "0123456"):
                extra = ", std::allocator<char>>" if letter == "s" else ">"
                text = f"std::{_IN_FULL[letter]}{_CHARS[:-1]}{extra}"
            name: Part = (text, "")
            if self.peek("B"):
                while self.take("B"):
                    text += f"[abi:{self.source_name()}]"
                name = (text, "")
                self.known.append(name)
            return name
        number = self.sequence()
        if number >= len(self.known):
            raise NotMangledError
        known = self.known[number]
        return self._parameter(known) if isinstance(known, int) else known

    def parameter(self) -> tuple[Part, int]:
        """Return what a parameter of the template is, and its number."""
        self.expect("T")
        if self.take("L"):  # of an outer one, which is not known
            raise NotMangledError
        number = self.sequence()
        return self._parameter(number), number

    def _parameter(self, number: int) -> Part:
        if self.in_lambda:
            return f"auto:{number + 1}", ""
        if self.is_conversion:
            while len(self.later) <= number:
                self.later.append(f"\0{len(self.later)}\0")
            return self.later[number], ""
        if number >= len(self.arguments):
            raise NotMangledError
        return self.arguments[number]

    # Types

    def qualifiers(self) -> str:
        text = ""
        if self.take("r"):
            text = " restrict"
        if self.take("V"):
            text = " volatile" + text
        if self.take("K"):
            text = " const" + text
        return text

    def type_text(self) -> str:
        return text_of(self.type())

    def type(self) -> Part:
        self.deeper()
        found = read_type(self)
        self.depth -= 1
        return found

    def decltype(self) -> Part:
        self.at += 2
        text = self.expression()
        self.expect("E")
        return f"decltype ({text})", ""

    # Expressions

    def expression(self) -> str:
        self.deeper()
        text = self._expression()
        self.depth -= 1
        if len(text) > MOST_CHARACTERS:
            raise NotMangledError
        return text

    def expressions(self, end: str = "E") -> str:
        found = []
        while not self.take(end):
            found.append(self.expression())
        return ", ".join(found)

    def _expression(self) -> str:
        if self.peek("L"):
            return self.literal()
        if self.peek("T"):
            return text_of(self.parameter()[0])
        if self.letter() == "f" and self.name[self.at + 1 : self.at + 2] in tuple("pL"):
            return self._function_parameter()
        code = self.name[self.at : self.at + 2]
        make = EXPRESSIONS.get(code)
        if make is not None:
            self.at += 2
            return make(self)
        if code in UNARY and code not in ("pp", "mm"):
            self.at += 2
            return f"{UNARY[code]}({self.expression()})"
        if code in ("pp", "mm"):
            self.at += 2
            if self.take("_"):
                return f"{UNARY[code]}({self.expression()})"
            return f"({self.expression()}){UNARY[code]}"
        if code in BINARY:
            self.at += 2
            left, right = self.expression(), self.expression()
            text = f"({left}){BINARY[code]}({right})"
            return f"({text})" if code == "gt" else text
        return self._unresolved()

    def _function_parameter(self) -> str:
        self.at += 1
        if self.take("L"):
            self.number()
        self.expect("p")
        if self.take("T"):
            return "this"
        self.qualifiers()
        return f"{{parm#{self.sequence() + 1}}}"

    def _unresolved(self) -> str:
        scope = "::" if self.take("gs") else ""
        if self.take("srN"):
            scope += text_of(self.type()) + "::"
            while not self.take("E"):
                scope += self._simple() + "::"
        elif self.take("sr"):
            if self.letter().isdigit():
                while not self.take("E"):
                    scope += self._simple() + "::"
            else:
                scope += text_of(self.type()) + "::"
        if self.take("on"):
            text = self.operator()[0]
        elif self.take("dn"):
            text = "~" + (self.source_name() if self.letter().isdigit() else text_of(self.type()))
        else:
            return scope + self._simple()
        return scope + text + self._optional_arguments()

    def _simple(self) -> str:
        return self.source_name() + self._optional_arguments()

    def _optional_arguments(self) -> str:
        if not self.peek("I"):
            return ""
        return f"<{', '.join(t for a in self.template_arguments() for t in flat(a))}>"

    def literal(self) -> str:
        self.expect("L")
        if self.take("_Z") or self.take("Z"):
            inner, before = self.arguments, self.at
            text = self.encoding()
            self.arguments = inner
            if self.at == before:
                raise NotMangledError
            self.expect("E")
            return text
        type = text_of(self.type())
        end = self.name.find("E", self.at)
        if end < 0:
            raise NotMangledError
        value, self.at = self.name[self.at : end], end + 1
        value = "-" + value[1:] if value.startswith("n") else value
        if type == "bool" and value in ("0", "1"):
            return "true" if value == "1" else "false"
        if type == "int":
            return value
        if type in _LITERAL_ENDS:
            return value + _LITERAL_ENDS[type]
        if type == "decltype(nullptr)":
            return "nullptr"
        return f"({type}){value}"
