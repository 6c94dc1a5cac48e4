"""Maps inside maps, from outside: they are made where the map around them is, and found by its keys."""

from __future__ import annotations

from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..spec.backend import BackendMap
    from ..spec.object import MapSpec
    from ..types.maps import MapDecl
    from .live import LiveMap


class InnerMaps:
    """What is in one live map of maps. `make` creates a map in its backend."""

    def __init__(self, live: LiveMap, make: Callable[[MapSpec], BackendMap]) -> None:
        self.live, self.make = live, make
        self.found: dict[bytes, MapDecl] = {}

    def get(self, key: bytes) -> Any:
        """Return the declaration of the map at a key, None if there is none. Raises: UsageError if it is not known."""
        if self.live.lookup(key) is None:
            return None
        if key not in self.found:
            raise UsageError(f"the map in {self.live.spec.name} was put there by somebody else")
        return self.found[key]

    def put(self, key: bytes, decl: Any) -> None:
        """Put a declared map in; one that is not live yet is made."""
        number = self._live_map(decl).fd.number
        self.live.update(key, number.to_bytes(4, "little"))
        self.found[key] = decl

    def remove(self, key: bytes) -> bool:
        """Take a map out; return whether there was one. It lives on for those who use it."""
        self.found.pop(key, None)
        return self.live.delete(key)

    def items(self) -> Iterator[tuple[bytes, Any]]:
        """Iterate over the maps that are there."""
        for key in list(self.found):
            found = self.get(key)
            if found is not None:
                yield key, found

    def _live_map(self, decl: Any) -> Any:
        from .live import LiveMap

        session = self.live.session
        for bound in decl._bindings:
            if bound.session is session:
                return bound.map
        inner = self.live.spec.inner
        assert inner is not None
        spec = inner.replace(max_entries=decl.max_entries, map_flags=decl.map_flags)
        made = LiveMap(session, spec, self.make(spec))
        decl.name = decl.name or inner.name
        decl._bindings.append(made)
        if session is not None:
            session.adopt(decl, made)
        return made.map
