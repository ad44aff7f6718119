"""An app of the plugin that is imported with its first request.

Every Airflow process loads the plugin, each task too: what only the API server needs would make all tasks start later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class LazyApp:
    """The ASGI app that `module:function` returns; made once per process, off the event loop."""

    def __init__(self, factory: str) -> None:
        self._factory = factory
        self._app: App | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        app = self._app or await asyncio.to_thread(self._made)
        await app(scope, receive, send)

    def _made(self) -> App:
        with self._lock:
            if self._app is None:
                module, _, name = self._factory.partition(":")
                self._app = getattr(import_module(module), name)()
            return self._app
