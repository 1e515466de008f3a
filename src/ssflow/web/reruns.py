"""Do a request again whose work another one overtook, before anybody is told of it."""

import random
import time
from collections.abc import Callable
from copy import deepcopy

from flask import Flask, g, request, session
from flask.typing import ResponseReturnValue

from ssflow.store.unit_of_work import LostRaceError

MAX_RUNS = 3
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LONGEST_PAUSE_SECONDS = 0.05


class Application(Flask):
    """A Flask whose views run again after a lost race, at most `MAX_RUNS` times in all.

    A lost race undid the whole work, so that running it again is like a request that came later.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer the request; the last race that is lost stays an error."""
        if request.method not in _WRITING:
            return super().dispatch_request()
        put_back = _keep_what_views_change()
        for _ in range(MAX_RUNS - 1):
            try:
                return super().dispatch_request()
            except LostRaceError:
                time.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - no secret
                put_back()
        return super().dispatch_request()


def _keep_what_views_change() -> Callable[[], None]:
    """Give what brings session, request globals and uploads back to where they are now."""
    kept_globals, kept_facts = dict(vars(g)), dict(vars(session))
    kept_session = deepcopy(dict(session))

    def put_back() -> None:
        vars(g).clear()
        vars(g).update(kept_globals)
        session.clear()
        session.update(deepcopy(kept_session))
        vars(session).update(kept_facts)
        for upload in request.files.values():
            upload.stream.seek(0)

    return put_back
