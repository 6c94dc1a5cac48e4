"""Names as compilers mangle them, to names as the source has them: C++ (Itanium) and Rust."""

from __future__ import annotations

_MOST_BYTES = 4096  # of a mangled name


def demangle(name: str) -> str:
    """Return what the source calls a function or variable of C++ or Rust; other names are returned as they are.

    `foo.cold`, a part that the compiler split off, is `foo() [clone .cold]`; `foo@plt` keeps its end.
    """
    if not name.startswith(("_Z", "_R", "__Z")) or len(name) > _MOST_BYTES:
        return name
    from .demangle_cpp import demangle_cpp
    from .demangle_expressions import NotMangledError
    from .demangle_rust import demangle_older_rust, demangle_rust, is_older_rust

    whole, at, version = name.partition("@")
    whole, dot, clone = whole.removeprefix("_" if whole.startswith("__Z") else "").partition(".")
    try:
        if whole.startswith("_R"):
            text = demangle_rust(whole)
        elif is_older_rust(whole + dot + clone):
            text = demangle_older_rust(whole + dot + clone)
            dot = ""
        else:
            text = demangle_cpp(whole)
    except NotMangledError:
        return name
    is_for_people = dot and not clone.startswith("llvm.")
    return text + (f" [clone .{clone}]" if is_for_people else "") + at + version
