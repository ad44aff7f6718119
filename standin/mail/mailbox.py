"""The mailbox, and the SMTP server that fills it: a thread of its own beside the HTTP server's."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Mapping
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from standin.clock import Clock
from standin.mail.reading import read_mail
from standin.messages import Request, Response
from standin.system import Standin

ANSWERS = ("accept", "refuse", "refuse_for_now", "lose")
_HOST = "127.0.0.1"
_BEGUN_WITHIN_S = 30
_SETTINGS = {"answer", "smtp_port"}


class MailStandin(Standin):
    """Keeps mails in memory. ``answer`` says what becomes of the next ones: accepted; refused for good (550) or for
    now (451); or kept, with the connection closed instead of an answer (lose)."""

    def __init__(self, name: str, settings: Mapping[str, Any], clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.answer = "accept"
        self._mails: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._port = int(settings.get("smtp_port", 0))
        self.configure(settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail", daemon=True)
        self._thread.start()
        # In its own thread: the caller's may have a loop that runs already.
        begun = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        try:
            self._listening: asyncio.Server = begun.result(_BEGUN_WITHIN_S)
        except BaseException:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise

    def handle(self, request: Request) -> Response:
        """A mail server has no pages; what it took is under ``/_standin/state``."""
        return Response(404, {"message": f"no page {request.path}; see /_standin/state"}, effect=False)

    def reset(self) -> None:
        """Empty the mailbox and accept again."""
        with self._lock:
            self._mails.clear()
            self.answer = "accept"

    def snapshot(self) -> object:
        """The mails and the switch."""
        with self._lock:
            return copy.deepcopy((self._mails, self.answer))

    def restore(self, snapshot: Any) -> None:
        """Bring a snapshot back."""
        with self._lock:
            self._mails, self.answer = copy.deepcopy(snapshot)

    def dump(self) -> object:
        """Where it takes mails, and those it has, oldest first."""
        with self._lock:
            return {"smtp": {"host": _HOST, "port": self.smtp_port}, "mails": copy.deepcopy(self._mails)}

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change ``answer``; ``smtp_port`` is for the start only."""
        if unknown := set(settings) - _SETTINGS:
            raise ValueError(f"{self.name} has no settings {', '.join(sorted(unknown))}")
        answer = settings.get("answer", self.answer)
        if answer not in ANSWERS:
            raise ValueError(f"answer is one of {', '.join(ANSWERS)}, not {answer!r}")
        self.answer = answer

    def close(self) -> None:
        """End the SMTP server."""
        self._loop.call_soon_threadsafe(self._listening.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()

    @property
    def smtp_port(self) -> int:
        """The port of the SMTP server."""
        return self._port

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(self, hostname="mail.invalid", loop=loop), _HOST, self._port)
        self._port = server.sockets[0].getsockname()[1]
        return server

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """A mail has come in whole."""
        del session
        if self.answer == "refuse":
            return "550 5.7.1 Not taken here"
        if self.answer == "refuse_for_now":
            return "451 4.3.0 Try again later"
        with self._lock:
            self._mails.append(
                {
                    "number": len(self._mails) + 1,
                    "received_at": self.clock.now().isoformat(),
                    "from": envelope.mail_from,
                    "to": list(envelope.rcpt_tos),
                    **read_mail(envelope.original_content or b""),
                }
            )
        if self.answer == "lose" and server.transport is not None:
            server.transport.close()
        return "250 2.0.0 Taken"
