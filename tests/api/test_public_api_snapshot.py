"""The public API, written down: every name of `ebee`, with signatures, as tests/data/public_api.txt has it.

A change that is meant is recorded with `pytest --update-expected`; the difference is what users will notice.
"""

import inspect
import re

import ebee


def annotation(value):
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))


def default(value):
    return re.sub(r"<(\w[\w.]*)[^>]*>", r"<\1>", repr(value))


def signature(function):
    """As text; written here because `str` of a signature differs between Python versions."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return "(...)"
    parts, starred = [], False
    parameters = list(found.parameters.values())
    for index, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not starred:
            parts.append("*")
        starred = starred or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        text = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name
        if p.annotation is not p.empty:
            text += f": {annotation(p.annotation)}"
        if p.default is not p.empty:
            text += f" = {default(p.default)}"
        parts.append(text)
        last = index + 1 == len(parameters) or parameters[index + 1].kind is not p.POSITIONAL_ONLY
        if p.kind is p.POSITIONAL_ONLY and last:
            parts.append("/")
    returns = found.return_annotation
    return f"({', '.join(parts)})" + ("" if returns is found.empty else f" -> {annotation(returns)}")


SHOWN_SPECIAL = {
    "__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__", "__aiter__", "__next__",
    "__anext__", "__len__", "__enter__", "__exit__", "__call__", "__iadd__", "__bool__",
}  # fmt: skip


def members(cls):
    """The public attributes of a class that ebee itself defines, one line each."""
    found = {}
    for base in reversed(cls.__mro__):
        if base.__module__.partition(".")[0] == "ebee":
            found.update(vars(base))
    for name, value in sorted(found.items()):
        if name.startswith("_") and name not in SHOWN_SPECIAL:
            continue
        if isinstance(value, property):
            returns = value.fget.__annotations__.get("return", "")
            yield f"property {name}" + (f": {annotation(returns)}" if returns else "")
        elif isinstance(value, (staticmethod, classmethod)):
            yield f"{type(value).__name__} {name}{signature(value.__func__)}"
        elif inspect.isfunction(value):
            yield f"def {name}{signature(value)}"
        elif inspect.isdatadescriptor(value):
            yield f"field {name}"
        else:
            yield f"{name} = {default(value)}"


def describe(name, value):
    if inspect.isclass(value):
        bases = ", ".join(b.__name__ for b in value.__bases__ if b is not object)
        yield f"class {name}" + (f"({bases})" if bases else "")
        fields = getattr(value, "_fields", ())
        made_of = f"(self, {', '.join(fields)})" if fields else signature(value.__init__)
        yield f"    def __init__{made_of}"
        yield from (f"    {line}" for line in members(value))
    elif inspect.isroutine(value):
        yield f"def {name}{signature(value)}"
    elif type(value).__module__.partition(".")[0] == "ebee":
        yield f"{name}: {type(value).__name__}"
        if callable(value):
            yield f"    def __call__{signature(type(value).__call__)}"
    else:
        yield f"{name}: {type(value).__name__}"


def test_public_api(expected):
    assert sorted(set(ebee.__all__)) == sorted(ebee.__all__), "a name stands twice in __all__"
    names = sorted({*ebee.__all__, *ebee._NOT_STARRED})
    lines = [line for name in names for line in describe(name, getattr(ebee, name))]
    expected("public_api.txt", "\n".join(lines))


def test_every_public_name_says_what_it_is():
    names = set(ebee.__all__) - {"__version__"}
    assert not {name for name in names if not inspect.getdoc(getattr(ebee, name))}


def test_unknown_name_is_an_attribute_error():
    assert not hasattr(ebee, "no_such_name")
    assert set(ebee.__all__) <= set(dir(ebee))
