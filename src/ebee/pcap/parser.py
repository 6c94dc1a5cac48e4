"""The grammar of filter expressions: from text to a tree of tests.

`and` and `or` bind alike, from left to right, as in tcpdump; `not` binds closest. An address or a number without words
before it takes those of the last one: `tcp port 80 or 443`.

Source: pcap-filter(7).
"""

from __future__ import annotations

from ..errors import UsageError
from ..isa import classic as c
from ..record import Record
from . import names, wlan
from .lexer import Token, refusal, tokens
from .link import IFINDEX, PKTTYPE, Headers
from .predicates import WLAN_ADDRESSES, accessor, multicast, protocol
from .primitives import Primitives, Qualifiers
from .trees import LEN, all_of, any_of, calculate, const, equal, load, negate, test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from .trees import Number, Tree

_MAX_DEPTH, _MAX_OPERATORS = 64, 64
# Operators of arithmetic, those that bind closest last. `alone` bind with nothing beside them without parentheses.
_BINARY = (
    {"|": c.OR, "&": c.AND}, {"<<": c.LSH, ">>": c.RSH}, {"+": c.ADD, "-": c.SUB}, {"*": c.MUL, "/": c.DIV},
)  # fmt: skip
_ALONE = {"%": c.MOD, "^": c.XOR}
# Comparisons: the operation, and whether its opposite is meant.
_COMPARISONS = {
    "=": (c.JEQ, False), "!=": (c.JEQ, True), ">": (c.JGT, False), "<=": (c.JGT, True), ">=": (c.JGE, False),
    "<": (c.JGE, True),
}  # fmt: skip
_DIRECTIONS = ("src", "dst", *WLAN_ADDRESSES)
_TYPES = ("host", "net", "port", "portrange", "proto")
_PROTOCOLS = ("ether", *names.ABOVE_LINK, *names.IP_PROTOCOLS, *names.ISO_PROTOCOLS)
_ALIASES = {"icmpv6": "icmp6"} | dict.fromkeys(("link", "wlan", "ppp", "slip", "fddi", "tr", "ether-ii"), "ether")


class _Sum(Record):
    """Arithmetic: the number, what must hold for its bytes to be there, and the operator at its root, bare."""

    number: Number
    there: list[Tree]
    root: str = ""


class _NoSum(Exception):
    """What stands here is no arithmetic."""


class Parser:
    """Reads one expression."""

    def __init__(self, text: str, headers: Headers, hosts: Mapping[str, Sequence[str]]) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.operators = 0  # of the comparison that is read
        self.headers = headers
        self.last: Qualifiers | None = None
        self.primitives = Primitives(self, hosts)

    # Tokens

    @property
    def token(self) -> Token:
        """The word that is next."""
        return self.tokens[self.at]

    def take(self, *texts: str) -> bool:
        """Step over the next word if it is one of these."""
        token = self.token
        if token.kind in ("op", "word") and token.text in texts:
            self.at += 1
            return True
        return False

    def refuse(self, message: str, hint: str = "", *, since: int | None = None) -> NoReturn:
        """Refuse the next word, or what was read since that one."""
        first = self.token if since is None else self.tokens[since]
        last = self.token if since is None else self.tokens[max(since, self.at - 1)]
        raise refusal(self.text, first.start, last.end, message, hint)

    def expect(self, text: str, what: str) -> None:
        """Step over a word that must be there."""
        if not self.take(text):
            self.refuse(f"{what} needs {text!r} here")

    def nest(self) -> None:
        """Count a level of parentheses."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            self.refuse(f"parentheses are nested more than {_MAX_DEPTH} deep")

    # Logic

    def whole(self) -> Tree:
        """Read all of it; nothing at all holds of every packet."""
        if self.token.kind == "end":
            return True
        tree = self.expression()
        if self.token.kind != "end":
            self.refuse(f"{self.token.text!r} cannot stand here", "join tests by and, or; begin with not")
        return tree

    def expression(self) -> Tree:
        """Units, joined by and and or."""
        tree = self.unit()
        while self.token.kind == "op" and self.token.text in ("and", "or"):
            is_and = self.token.text == "and"
            self.at += 1
            right = self.unit()
            tree = all_of((tree, right)) if is_and else any_of((tree, right))
        return tree

    def unit(self) -> Tree:
        """A primitive, a comparison, parentheses; with `not` before it."""
        negated = False
        while self.take("!"):
            negated = not negated
        tree = self._positive()
        return negate(tree) if negated else tree

    def _positive(self) -> Tree:
        compared = self._comparison()
        if compared is not None:
            return compared
        if self.take("("):
            self.nest()
            tree = self.expression()
            self.expect(")", "the parenthesis")
            self.depth -= 1
            return tree
        start = self.at
        try:
            return self._primitive()
        except UsageError as e:
            self.refuse(str(e), since=start)

    def _primitive(self) -> Tree:
        token, start = self.token, self.at
        if token.kind in ("number", "v4", "v6", "mac", "escaped"):
            if self.last is None:
                self.refuse(f"{token.text} stands alone", f"host {token.text}, net {token.text}, port …")
            return self.primitives.value(self.last)
        if token.kind != "word":
            where = "the end of the filter" if token.kind == "end" else repr(token.text)
            self.refuse(f"a test is missing before {where}", "host, net, port, a protocol, or proto[offset] = value")
        word = _ALIASES.get(token.text, token.text)
        if word in names.REFUSED and not (self.last and word in names.SERVICES):
            self.refuse(*names.REFUSED[word])
        single = getattr(self, f"_{word}", None) if word in _SINGLE else None
        if single is not None:
            self.at += 1
            found: Tree = single(start)
            return found
        if word in _PROTOCOLS or word in _DIRECTIONS or word in _TYPES:
            return self._qualified()
        if self.last is not None:
            return self.primitives.value(self.last)
        self.refuse(f"there is no test {token.text!r}", "host, net, port, a protocol, or proto[offset] = value")

    def _qualified(self) -> Tree:
        """[protocol] [direction] [type] value, or a protocol alone."""
        start = self.at
        given = Qualifiers()
        word = _ALIASES.get(self.token.text, self.token.text)
        if word in _PROTOCOLS:
            given.protocol = word
            self.at += 1
            if self.take("broadcast"):
                return self._broadcast(start, given.protocol)
            if self.take("multicast"):
                return self._multicast(start, given.protocol)
            if word == "ether" and self.token.kind == "word" and self.token.text in ("type", "subtype", "dir"):
                return self._primitive()
        if self.token.kind == "word" and self.token.text in _DIRECTIONS:
            given.direction = self._direction()
        if self.token.kind == "word" and self.token.text in names.REFUSED:
            self.refuse(*names.REFUSED[self.token.text])
        if self.token.kind == "word" and self.token.text in _TYPES:
            given.type = self.token.text
            self.at += 1
        if given.direction or given.type:
            self.last = given
            return self.primitives.values(given)
        if self.token.kind in ("v4", "v6", "mac") and given.protocol != "decnet":
            self.last = given
            return self.primitives.values(given)
        if given.protocol == "ether":
            self.refuse("ether alone is no test", "ether host MAC, ether proto 0x0800, ether[0] & 1 != 0", since=start)
        return protocol(self.headers, given.protocol)

    def _direction(self) -> str:
        first = self.token.text
        if first in WLAN_ADDRESSES:
            if self.headers.link.kind != "wlan":
                self.refuse(f"{self.headers.link.title} has no address {first!r}", "src, dst: wlan src 0:1:2:3:4:5")
            self.at += 1
            return first
        self.at += 1
        joint, second = self.tokens[self.at], self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if joint.text in ("and", "or") and second.kind == "word" and second.text in ("src", "dst"):
            if second.text == first:
                self.refuse(f"{first} {joint.text} {first} says {first} twice")
            self.at += 2
            return f"src {joint.text} dst"
        return first

    # Primitives of one word

    def _length(self, start: int) -> int:
        if self.token.kind != "number":
            self.refuse(f"{self.tokens[start].text} needs a number of bytes: {self.tokens[start].text} 64")
        return self.number(0xFFFFFFFF)

    def _less(self, start: int) -> Tree:
        return negate(test(c.JGT, LEN, self._length(start)))

    def _greater(self, start: int) -> Tree:
        return test(c.JGE, LEN, self._length(start))

    def _broadcast(self, start: int, of: str = "ether") -> Tree:
        if of == "ip":
            hint = "dst host 255.255.255.255, or that of your net"
            self.refuse("ip broadcast needs the net's mask, which the filter does not know", hint, since=start)
        self.need_ethernet(start, of)
        return self.primitives.ether_host("dst", (1 << 48) - 1)

    def _multicast(self, start: int, of: str = "ether") -> Tree:
        if of not in ("ip", "ip6"):
            self.need_ethernet(start, of)
        return multicast(self.headers, of)

    def need_ethernet(self, start: int, of: str = "ether") -> None:
        """Refuse what asks for Ethernet addresses of other packets."""
        if of != "ether":
            self.refuse(f"{of} has none of that", "ether, ip6 and ip multicast; ether broadcast", since=start)
        if self.headers.kind not in ("ether", "wlan"):
            link = self.headers.link
            what = link.title if self.headers.kind == link.kind else "a packet inside of PPPoE"
            self.refuse(f"{what} has no Ethernet addresses", since=start)

    def _inbound(self, start: int, is_in: bool = True) -> Tree:
        link = self.headers.link
        number = {"LINUX_SLL": load(2, 0), "LINUX_SLL2": load(1, 10)}.get(link.name)
        if number is None and not self.headers.may_be_beside:
            hint = "packets of LINUX_SLL and those that a socket gets say it"
            self.refuse(f"{link.title} does not say which way a packet went", hint, since=start)
        outgoing = equal(number or PKTTYPE, 4)  # PACKET_OUTGOING
        return negate(outgoing) if is_in else outgoing

    def _outbound(self, start: int) -> Tree:
        return self._inbound(start, False)

    def _tag(self, bits: int, what: str) -> int | None:
        return self.number((1 << bits) - 1, what) if self.token.kind == "number" else None

    def _vlan(self, start: int) -> Tree:
        has_none = self.headers.type_off < 0 and not self.headers.may_be_beside or self.headers.kind in ("ppp", "hdlc")
        if has_none or self.headers.labels:
            self.refuse("a packet has no VLAN tag there", since=start)
        return self.headers.vlan(self._tag(12, "a VLAN's number"))

    def _mpls(self, start: int) -> Tree:
        link = self.headers.link
        if self.headers.type_off < 0 or link.kind == "wlan" or link.name in ("PPP_SERIAL", "PPP_ETHER"):
            self.refuse(f"{link.title} has no MPLS labels", since=start)
        return self.headers.mpls(self._tag(20, "an MPLS label"))

    def _pppoed(self, start: int) -> Tree:
        self._need_pppoe(start)
        return self.headers.ethertype(names.PPPOE_DISCOVERY)

    def _pppoes(self, start: int) -> Tree:
        self._need_pppoe(start)
        return self.headers.pppoe(self._tag(16, "a PPPoE session"))

    def _need_pppoe(self, start: int) -> None:
        if self.headers.type_off < 0 or self.headers.labels or self.headers.kind == "ppp":
            self.refuse("a packet has no PPPoE header there", since=start)

    def _ifindex(self, start: int) -> Tree:
        is_told = self.headers.link.name == "LINUX_SLL2"
        if not is_told and not self.headers.may_be_beside:
            message = "only packets of LINUX_SLL2 and those that a socket gets say which device they were seen on"
            self.refuse(message, since=start)
        if self.token.kind != "number":
            self.refuse("ifindex needs a number: ifindex 2")
        return equal(load(4, 4) if is_told else IFINDEX, self.number(0xFFFFFFFF))

    def _gateway(self, start: int) -> Tree:
        self.need_ethernet(start)
        if self.headers.labels or self.token.kind not in ("word", "escaped"):
            self.refuse("gateway needs the name of a host, with its addresses of both kinds: gateway router")
        return self.primitives.gateway(self.token.text.lstrip("\\"))

    # LLC, IS-IS and 802.11

    def _llc(self, start: int) -> Tree:
        if self.headers.kind not in ("ether", "wlan") or self.headers.labels:
            self.refuse(f"{self.headers.link.title} has no LLC headers that filters know", since=start)
        if self.token.kind != "word" or self.token.text in ("and", "or"):
            return self.headers.llc_control(0, 0)
        return self.headers.llc_control(*self._named(names.LLC_FRAMES, "a frame of LLC"))

    def _pdus(self, start: int) -> Tree:
        numbers = names.ISIS_PDUS[self.tokens[start].text]
        return any_of(self.headers.iso(names.ISO_PROTOCOLS["isis"], number) for number in numbers)

    _l1 = _l2 = _iih = _lsp = _snp = _csnp = _psnp = _pdus

    def _named(self, known: Mapping[str, Any], what: str) -> Any:
        """Read a word of a table."""
        if self.token.kind != "word" or self.token.text not in known:
            self.refuse(f"{self.token.text!r} is no name of {what}", ", ".join(known))
        self.at += 1
        return known[self.tokens[self.at - 1].text]

    def _need_wlan(self, start: int) -> None:
        if self.headers.link.kind != "wlan":
            self.refuse(f"{self.headers.link.title} has no 802.11 header", "link types IEEE802_11…", since=start)

    def _type(self, start: int) -> Tree:
        self._need_wlan(start)
        kind = wlan.type_number(self.token.text) if self.token.kind == "word" else None
        if self.token.kind == "number":
            kind = self._frame_number(wlan.TYPE_BITS, "a type of frames is 0, 4 or 8")
        elif kind is None:
            self.refuse(f"{self.token.text!r} is no type of frames", "mgt, ctl, data")
        else:
            self.at += 1
        if not self.take("subtype"):
            return wlan.frame_type(self.headers, kind)
        if self.token.kind == "number":
            subtype = self._frame_number(wlan.SUBTYPE_BITS, "a subtype of frames is a multiple of 16 up to 0xf0")
            return wlan.frame_type(self.headers, kind, subtype)
        return self._frame_subtype({kind})

    def _subtype(self, start: int) -> Tree:
        self._need_wlan(start)
        return self._frame_subtype(set(wlan.TYPES.values()))

    def _frame_subtype(self, kinds: set[int]) -> Tree:
        found = wlan.subtype_numbers(self.token.text) if self.token.kind == "word" else {}
        for kind in kinds & found.keys():
            self.at += 1
            return wlan.frame_type(self.headers, kind, found[kind])
        hint = "type mgt subtype beacon; type data subtype qos-data"
        self.refuse(f"{self.token.text!r} is no subtype of those frames", hint)

    def _frame_number(self, bits: int, message: str) -> int:
        value = self.number(0xFFFFFFFF)
        if value & ~bits:
            self.at -= 1
            self.refuse(message)
        return value

    def _dir(self, start: int) -> Tree:
        self._need_wlan(start)
        if self.token.kind == "number":
            return wlan.direction(self.headers, self.number(3, "a direction"))
        return wlan.direction(self.headers, self._named(wlan.DIRECTIONS, "a direction"))

    # Arithmetic

    def number(self, most: int, what: str = "a number here") -> int:
        """Read a number up to `most`; a leading 0 makes it octal, as in C."""
        token = self.token
        digits = token.text.lower()
        try:
            value = int(digits, 16 if digits.startswith("0x") else 8 if len(digits) > 1 and digits[0] == "0" else 10)
        except ValueError:
            self.refuse(f"{token.text} is no number: a leading 0 makes it octal")
        if value > most:
            self.refuse(f"{what} is at most {most}")
        self.at += 1
        return value

    def _comparison(self) -> Tree | None:
        """Read a comparison of two sums, or nothing."""
        start, depth, self.operators = self.at, self.depth, 0
        try:
            left = self._sum()
        except _NoSum:
            self.at, self.depth = start, depth
            return None
        comparison = self.token.text if self.token.kind == "op" else ""
        if comparison not in _COMPARISONS:
            if self.tokens[start].kind != "number" and self.tokens[start].text != "(":
                self.refuse("a number of the packet has to be compared", "write = 1, != 0, > 5 behind it")
            if self.at > start + 1 and self.tokens[start].kind == "number" and self.token.kind == "end":
                self.refuse("a number has to be compared", "write = 1, != 0, > 5 behind it", since=start)
            self.at, self.depth = start, depth
            return None
        self.at += 1
        try:
            right = self._sum()
        except _NoSum:
            self.refuse("here a number is missing", "5, 0x10, len, ip[0] & 0xf")
        op, is_opposite = _COMPARISONS[comparison]
        tree = test(op, left.number, right.number)
        return all_of([*left.there, *right.there, negate(tree) if is_opposite else tree])

    def _sum(self, level: int = 0) -> _Sum:
        if level == len(_BINARY):
            return self._factor()
        left = self._sum(level + 1)
        start = self.at
        operators = {**_BINARY[level], **_ALONE} if level == 0 else _BINARY[level]
        while self.token.kind == "op" and self.token.text in operators:
            operator = self.token.text
            self.at += 1
            right = self._sum(level + 1)
            self._need_parentheses(operator, left, right, start)
            left = self._calculate(operator, left, right, start)
            start = self.at
        return left

    def _need_parentheses(self, operator: str, left: _Sum, right: _Sum, start: int) -> None:
        roots = {left.root, right.root} - {""}
        if operator in _ALONE and roots or roots & _ALONE.keys():
            hint = "say which comes first: (a % b) + c"
            self.refuse("% and ^ beside other operators need parentheses", hint, since=start)

    def _calculate(self, operator: str, left: _Sum, right: _Sum, start: int) -> _Sum:
        self.operators += 1
        if self.operators > _MAX_OPERATORS:
            self.refuse(f"a comparison has more than {_MAX_OPERATORS} operators", since=start)
        op = {**_ALONE, **{k: v for level in _BINARY for k, v in level.items()}}[operator]
        if right.number[0] == "const":
            if op in (c.DIV, c.MOD) and right.number[1] == 0:
                self.refuse("this divides by 0", since=start)
            if op in (c.LSH, c.RSH) and not 0 <= int(str(right.number[1])) < 32:
                self.refuse("a shift is by 0 to 31 bits", since=start)
        return _Sum(calculate(op, left.number, right.number), left.there + right.there, operator)

    def _factor(self) -> _Sum:
        token = self.token
        if self.take("-"):
            self.nest()
            operand = self._factor()
            self.depth -= 1
            return _Sum(calculate(c.SUB, const(0), operand.number), operand.there)
        if self.take("("):
            self.nest()
            inner = self._sum()
            if not self.take(")"):
                raise _NoSum
            self.depth -= 1
            return _Sum(inner.number, inner.there)
        if token.kind == "number":
            return _Sum(const(self.number(0xFFFFFFFF)), [])
        if token.kind == "word":
            if token.text in ("len", "length"):
                self.at += 1
                return _Sum(LEN, [])
            if token.text in names.CONSTANTS:
                self.at += 1
                return _Sum(const(names.CONSTANTS[token.text]), [])
            if self.tokens[self.at + 1].text == "[":
                return self._access(_ALIASES.get(token.text, token.text))
        raise _NoSum

    def _access(self, word: str) -> _Sum:
        """proto[offset:size]."""
        start = self.at
        read = accessor(self.headers, word)
        if read is None:
            known = "ether, ip, ip6, arp, tcp, udp, sctp, icmp, icmp6, …"
            self.refuse(f"there are no bytes of {word!r} to read", f"those of {known}")
        self.at += 2
        self.nest()
        try:
            off = self._sum()
        except _NoSum:
            self.refuse(f"{word}[…] needs an offset in bytes")
        size = 1
        if self.take(":"):
            size = self.number(4, "a size") if self.token.kind == "number" else 0
            if size not in (1, 2, 4):
                self.refuse("sizes are 1, 2 and 4 bytes", since=self.at - 1)
        self.expect("]", f"{word}[…]")
        self.depth -= 1
        try:
            there, number = read(off.number, size)
        except UsageError as e:
            self.refuse(str(e), since=start)
        return _Sum(number, [*off.there, there])


_SINGLE = (
    "less", "greater", "broadcast", "multicast", "inbound", "outbound", "vlan", "mpls", "pppoed", "pppoes", "ifindex",
    "gateway", "llc", "type", "subtype", "dir", *names.ISIS_PDUS,
)  # fmt: skip
