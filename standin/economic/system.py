"""The e-conomic stand-in: tokens, budget, idempotency, routes, snapshots."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from standin.clock import Clock
from standin.economic import (
    attachments,
    booked,
    customers,
    drafts,
    entries,
    journal_booking,
    journals,
    prices,
    products,
    reference,
    unsupported,
)
from standin.economic.amounts import compute
from standin.economic.call import Call, answer, router
from standin.economic.errors import ApiError, not_found
from standin.economic.idempotency import ReplyCache
from standin.economic.people import ACTIONS
from standin.economic.seed import build
from standin.economic.state import Switches
from standin.messages import Headers, Request, Response
from standin.system import Standin, freeze, thaw

# Importing these registers their routes; ``unsupported`` comes last and takes what the others left.
ROUTED = (
    booked,
    customers,
    drafts,
    products,
    prices,
    reference,
    journals,
    attachments,
    entries,
    journal_booking,
    unsupported,
)

_READS = frozenset({"GET", "HEAD"})
# What a call costs of the token bucket. Known: one account 1, one booked invoice 13; the others are ours.
_COSTS = {"/invoices/booked/{number}": 13, "/invoices/booked": 13, "/invoices/drafts": 5}


class EconomicStandin(Standin):
    """One e-conomic agreement behind its REST API."""

    def __init__(self, name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.seed = seed
        self.switches = Switches()
        self.switches.change(settings)
        self.state = build(seed, clock.now())
        self.cache = ReplyCache()
        self._tokens = float(self.switches.bucket_size)
        self._filled: tuple[datetime, float] = (clock.now(), time.monotonic())

    # --- requests ----------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Check tokens and budget, replay or carry out, answer."""
        cost = _COSTS.get(self.route(request), 1)
        within = self._spend(cost)
        try:
            self._check_access(request)
            response = self._carry_out(request) if within else self._too_many(cost)
        except ApiError as error:
            response = self._refused(error)
        response.headers |= {"X-CallCost": str(cost), "X-RateLimiting": self._limit_text()}
        return response

    def _check_access(self, request: Request) -> None:
        app, grant = request.headers.get("x-appsecrettoken"), request.headers.get("x-agreementgranttoken")
        demo = (app, grant) == ("demo", "demo") or request.param("demo") == "true"
        if demo and request.method not in _READS:
            raise ApiError(403, "The demo agreement is for reading only.")
        if not demo and (app, grant) != (self.state.app_token, self.state.grant_token):
            raise ApiError(401, "Access denied.", "Check the two token headers, or try the demo access.")
        if any(request.path.startswith(path) for path in self.switches.forbidden_paths):
            raise ApiError(403, "The roles of the app do not allow this.")
        has_json = "application/json" in request.headers.get("content-type", "")
        is_file = request.path.endswith("/attachment/file")
        if request.body and request.method not in _READS and not has_json and not is_file:
            raise ApiError(415, "Unsupported media type.", "Send application/json.")

    def _carry_out(self, request: Request) -> Response:
        found = router.find(request.method, request.raw_path)
        if found is None:
            raise ApiError(405, "Method not allowed.") if router.methods(request.raw_path) else not_found()
        now = self.clock.now()
        replayed = self.cache.replay(request, now, self.switches)
        if replayed is not None:
            return replayed
        route, keys = found
        try:
            response: Response = route.handler(self._call(request, keys))
        except ApiError as error:
            response = self._refused(error)
        self.cache.keep(request, response, now)
        return response

    def _call(self, request: Request, keys: Mapping[str, str]) -> Call:
        return Call(request, keys, self.state, self.switches, self.clock.now())

    def _refused(self, error: ApiError) -> Response:
        return answer(error.status, error.body(self.clock.now(), self.switches.error_shape))

    def ended(self, request: Request) -> None:
        """From now on a repeat with the same key is recognised."""
        self.cache.end(request)

    def route(self, request: Request) -> str:
        """The template of the route, or the path itself when there is none."""
        return router.template(request.method, request.raw_path) or super().route(request)

    def refusal(self, _request: Request, status: int) -> Response:
        """An injected 429 or 500 in e-conomic's own shape."""
        text = "Too many requests." if status == 429 else "Internal server error."
        return self._refused(ApiError(status, text))

    # --- the token bucket --------------------------------------------------------------------------------------------

    def _spend(self, cost: int) -> bool:
        """Take tokens; the bucket fills by the clock, or by real time where the clock stands still."""
        now, real = self.clock.now(), time.monotonic()
        elapsed = max((now - self._filled[0]).total_seconds(), real - self._filled[1], 0.0)
        self._filled = (now, real)
        size = self.switches.bucket_size
        self._tokens = min(self._tokens + elapsed * self.switches.bucket_refill_per_s, float(size))
        within = self._tokens >= cost
        if within:
            self._tokens -= cost
        return within

    def _too_many(self, cost: int) -> Response:
        response = self._refused(ApiError(429, "Too many requests."))
        if self.switches.retry_after:
            missing = cost - self._tokens
            response.headers["Retry-After"] = str(max(int(missing / self.switches.bucket_refill_per_s) + 1, 1))
        return response

    def _limit_text(self) -> str:
        size = self.switches.bucket_size
        return f"limit-{size}-per-60-seconds: {int(self._tokens)}/{size}"

    # --- control -----------------------------------------------------------------------------------------------------

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change switches (``standin.economic.state.Switches``). Raises ValueError."""
        self.switches.change(settings)
        if "bucket_size" in settings:
            self._tokens = float(self.switches.bucket_size)

    def act(self, action: Mapping[str, Any]) -> object:
        """edit_draft, delete_draft, book_draft, pay, close, bar: see ``standin.economic.people``.

        Raises ValueError, LookupError.
        """
        name = action.get("action")
        if name not in ACTIONS:
            raise ValueError(f"{self.name} knows no action {name!r}; known are {', '.join(sorted(ACTIONS))}")
        request = Request("POST", "/", [], Headers(), b"", self.clock.now())
        try:
            return ACTIONS[str(name)](self._call(request, {}), action)
        except ApiError as error:
            raise ValueError(error.message) from None

    def doubles(self) -> list[Any]:
        """Invoices, draft or booked, that share reference and first text; customers and contacts that are alike.

        A public buyer's requisition number may stand on several invoices: then the text tells them apart.
        """
        keys: dict[tuple[str, str], dict[str, list[int]]] = {}
        for kind, records in (("drafts", self.state.drafts), ("booked", self.state.booked)):
            for number, record in records.items():
                key = (record.get("references", {}).get("other"), record.get("notes", {}).get("textLine1", ""))
                if key[0]:
                    keys.setdefault(key, {"drafts": [], "booked": []})[kind].append(number)
        shared = [
            {"kind": "invoice", "key": reference, **numbers}
            for (reference, _), numbers in keys.items()
            if len(numbers["drafts"]) + len(numbers["booked"]) > 1
        ]
        return shared + self._shared_texts() + self._shared_addresses()

    def _shared_texts(self) -> list[Any]:
        """Vouchers whose entries carry one text: each entry of ours has its key in it."""
        vouchers: dict[str, set[tuple[str, int]]] = {}
        for row in (*self.state.journal_entries.values(), *self.state.entries.values()):
            if row.get("journal") and row["text"]:
                place = (str(row["date"])[:4], row["voucher"])
                vouchers.setdefault(row["text"], set()).add(place)
        found = {text: sorted(places) for text, places in vouchers.items() if len(places) > 1}
        return [{"kind": "voucher", "key": text, "numbers": places} for text, places in found.items()]

    def _shared_addresses(self) -> list[Any]:
        """Customers with one e-mail address, EAN and CVR number; contacts of a customer with one name and address."""
        alike: dict[tuple[str, ...], list[int]] = {}
        for number, record in self.state.customers.items():
            card = [record.get(name, "") for name in ("email", "ean", "corporateIdentificationNumber")]
            alike.setdefault(("customer", *map(str.lower, card)), []).append(number)
        for number, record in self.state.contacts.items():
            person = (str(record["customer"]), record["name"].lower(), record.get("email", "").lower())
            alike.setdefault(("contact", *person), []).append(number)
        return [
            {"kind": kind, "key": " ".join(filter(None, names)), "numbers": numbers}
            for (kind, *names), numbers in alike.items()
            if len(numbers) > 1 and any(names)
        ]

    def counts(self) -> dict[str, Any]:
        """How many records of each kind exist, and how often all drafts were deleted at once."""
        kinds = ("customers", "contacts", "products", "drafts", "booked", "journal_entries", "entries")
        records = {kind: len(getattr(self.state, kind)) for kind in kinds}
        return {"records": records, "drafts_wiped": self.state.drafts_wiped}

    def dump(self) -> object:
        """The whole state with keys as text, and what each draft comes to with VAT."""
        rounding = self.switches.rounding
        gross = {number: compute(self.state, draft, rounding).gross for number, draft in self.state.drafts.items()}
        return _plain({**vars(self.state), "draft_gross": gross})

    def reset(self) -> None:
        """Back to the seed; switches stay."""
        self.state = build(self.seed, self.clock.now())
        self.cache = ReplyCache()
        self._tokens = float(self.switches.bucket_size)

    def snapshot(self) -> object:
        """State and cached answers."""
        return freeze((self.state, self.cache.replies))

    def restore(self, snapshot: bytes) -> None:
        """Back to a snapshot, with a full token bucket."""
        self.state, replies = thaw(snapshot)
        self.cache = ReplyCache(replies)
        self._tokens = float(self.switches.bucket_size)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value
