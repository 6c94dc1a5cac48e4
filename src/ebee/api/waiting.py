"""Waiting for a session in an event loop of asyncio."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from weakref import WeakKeyDictionary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import Backend
    from .session import Session

    Waiting = tuple[int, list[Future[None]]]  # the file descriptor that the loop looks at, and who waits for it

_waiting: WeakKeyDictionary[Session, Waiting] = WeakKeyDictionary()


async def readable(session: Session, backend: Backend) -> None:
    """Return when something may have happened: an event, the end of a command, a stop.

    The backend's file descriptor tells of it once, so all who wait for the session are told together.
    """
    loop = get_running_loop()
    number, futures = _waiting.setdefault(session, (backend.fileno(), []))
    if not futures:
        loop.add_reader(number, _tell, session, backend)
    future: Future[None] = loop.create_future()
    futures.append(future)
    try:
        await future
    finally:
        futures.remove(future)
        if not futures:
            loop.remove_reader(number)


def _tell(session: Session, backend: Backend) -> None:
    failure = None
    try:
        backend.wait(0, ())
        session.flush_prints()
    except Exception as e:  # of a program in the engine
        failure = e
    for future in _waiting[session][1]:
        if not future.done():
            future.set_result(None) if failure is None else future.set_exception(failure)

