"""A mangled name, read letter by letter."""

from __future__ import annotations

from .demangle_expressions import NotMangledError

_MOST_DEPTH, _MOST_PARTS = 96, 1 << 13


class Letters:
    """A name, and how far it has been read. Recursion is counted, so that it stays bounded."""

    def __init__(self, name: str, at: int) -> None:
        self.name, self.at = name, at
        self.depth = self.parts = 0

    def peek(self, text: str) -> bool:
        return self.name.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.name.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise NotMangledError

    def letter(self) -> str:
        return self.name[self.at : self.at + 1]

    def number(self) -> int:
        start = self.at
        while self.letter() in "0123456789" and self.at < len(self.name) and self.at - start < 10:
            self.at += 1
        if start == self.at:
            raise NotMangledError
        return int(self.name[start : self.at])

    def sequence(self) -> int:
        """Return the number of base 36 before `_`: none is 0, `0` is 1."""
        end = self.name.find("_", self.at)
        digits = self.name[self.at : end]
        if end < 0 or len(digits) > 6 or not all(c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" for c in digits):
            raise NotMangledError
        self.at = end + 1
        return int(digits, 36) + 1 if digits else 0

    def deeper(self) -> None:
        self.depth += 1
        self.parts += 1
        if self.depth > _MOST_DEPTH or self.parts > _MOST_PARTS:
            raise NotMangledError

    def source_name(self) -> str:
        length = self.number()
        text = self.name[self.at : self.at + length]
        if len(text) != length or not length:
            raise NotMangledError
        self.at += length
        return "(anonymous namespace)" if text.startswith(("_GLOBAL__N", "_GLOBAL_.N", "_GLOBAL_$N")) else text
