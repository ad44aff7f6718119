"""The Stripe stand-in: key, rights, rate limit, routes, snapshots."""

from __future__ import annotations

import base64
import binascii
import itertools
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.messages import Headers, Request, Response
from standin.stripe.errors import RefusedError, error_body
from standin.stripe.paying import keep_schedule
from standin.stripe.people import ACTIONS
from standin.stripe.reading import Call, masked, router
from standin.stripe.state import Switches, build
from standin.system import Standin, freeze, thaw

_NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)
_TOO_MANY = "Request rate limit exceeded."


class StripeStandin(Standin):
    """One Stripe account."""

    def __init__(self, name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.seed = seed
        self.switches = Switches()
        self.configure(settings)
        self.state = build(seed, clock.now())
        self._recent: deque[float] = deque()
        self._requests = itertools.count(1)

    def handle(self, request: Request) -> Response:
        """Check key and rate, then answer; nothing that a key may do here changes anything."""
        keep_schedule(self.state, self.switches, self.clock.now())
        try:
            self._check_key(request)
            self._count_call()
            response = Response(200, self._dispatch(request))
        except RefusedError as refused:
            response = Response(refused.status, refused.body)
        response.headers["Request-Id"] = f"req_Standin{next(self._requests):08d}"
        return response

    def _check_key(self, request: Request) -> None:
        key = _key_of(request.headers.get("authorization", ""))
        if not key:
            raise RefusedError(401, _NO_KEY)
        if key != self.state.key:
            raise RefusedError(401, f"Invalid API Key provided: {masked(key)}")

    def _count_call(self) -> None:
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= self.switches.rate_limit_per_s:
            raise RefusedError(429, _TOO_MANY, code="rate_limit")
        self._recent.append(now)

    def _dispatch(self, request: Request) -> Any:
        found = router.find(request.method, request.raw_path)
        if found is None:
            raise RefusedError(404, f"Unrecognized request URL ({request.method}: {request.path}).")
        if request.body:
            raise RefusedError(400, "A GET request takes its parameters in the query.")
        route, keys = found
        return route.handler(self._call(request, keys))

    def _call(self, request: Request, keys: Mapping[str, str]) -> Call:
        return Call(request, keys, self.state, self.switches, self.clock.now())

    def route(self, request: Request) -> str:
        """The template of the route, or the path itself when there is none."""
        return router.template(request.method, request.raw_path) or super().route(request)

    def refusal(self, _request: Request, status: int) -> Response:
        """An injected 429 or 500 in Stripe's shape."""
        if status == 429:
            return Response(429, error_body(_TOO_MANY, code="rate_limit"))
        return Response(status, error_body("An unknown error occurred", kind="api_error"))

    # --- control -----------------------------------------------------------------------------------------------------

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change switches (``standin.stripe.state.Switches``). Raises ValueError."""
        self.switches.change(settings)

    def act(self, action: Mapping[str, Any]) -> object:
        """Charge, refund, pay out and more: see ``standin.stripe.people``. Raises ValueError, LookupError."""
        name = action.get("action")
        if name not in ACTIONS:
            raise ValueError(f"{self.name} knows no action {name!r}; known are {', '.join(sorted(ACTIONS))}")
        keep_schedule(self.state, self.switches, self.clock.now())
        call = self._call(Request("POST", "/", [], Headers(), b"", self.clock.now()), {})
        return ACTIONS[str(name)](call, action)

    def doubles(self) -> list[Any]:
        """Orders that were charged more than once."""
        charged = Counter(
            (row["description"], row["metadata"]["order_id"])
            for row in self.state.charges.values()
            if row["metadata"].get("order_id")
        )
        return [{"kind": "charge", "key": list(key), "count": count} for key, count in charged.items() if count > 1]

    def counts(self) -> dict[str, Any]:
        """How many objects of each kind exist."""
        kinds = ("charges", "refunds", "disputes", "transactions", "payouts")
        return {"records": {kind: len(getattr(self.state, kind)) for kind in kinds}}

    def dump(self) -> object:
        """The whole state, without the key."""
        told = {name: value for name, value in vars(self.state).items() if name != "key"}
        return {**told, "rights": sorted(self.state.rights)}

    def reset(self) -> None:
        """Back to the seed; switches stay."""
        self.state = build(self.seed, self.clock.now())
        self._recent.clear()

    def snapshot(self) -> object:
        """The state."""
        return freeze(self.state)

    def restore(self, snapshot: bytes) -> None:
        """Back to a snapshot."""
        self.state = thaw(snapshot)
        self._recent.clear()


def _key_of(header: str) -> str:
    """The key of an Authorization header: Bearer, or Basic with the key as the user."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return value.strip() if kind.lower() == "bearer" else ""
