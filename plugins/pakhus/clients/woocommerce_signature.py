"""Authentication of WooCommerce calls: Basic over TLS, OAuth 1.0a over plain http (contract section 2).

Over http WooCommerce does not look at Basic; it wants a one-legged OAuth signature in the query (RFC 5849, section
3.4), each nonce once, made for the address the shop believes to have. Keys never go into the query over https.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import quote, urlsplit

from pakhus.clients.http import Call

_DEFAULT_PORTS = {"http": 80, "https": 443}
# WooCommerce refuses timestamps more than 15 minutes from its own clock [code]; well before that we go by its clock.
_LARGEST_SKEW_S = 300.0


class Signer(Protocol):
    """Adds the keys to a call, anew for each try."""

    def sign(self, call: Call, url: str) -> Call:
        """Return the call with authentication; `url` is absolute and has no query."""

    def corrects_clock(self, headers: Mapping[str, str]) -> bool:
        """Take the shop's time from a refusal's headers; True when a new try will now carry another time."""


class BasicSigner:
    """HTTP Basic: user is the consumer key, password the consumer secret. Only for https."""

    def __init__(self, key: str, secret: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()

    def sign(self, call: Call, url: str) -> Call:
        del url
        return replace(call, headers={**call.headers, "Authorization": self._header})

    def corrects_clock(self, headers: Mapping[str, str]) -> bool:
        del headers
        return False


class OAuthSigner:
    """OAuth 1.0a with HMAC-SHA256 in the query; a fresh nonce and timestamp for each try.

    `home_url` replaces `base_url` in what is signed, for a shop behind a proxy that changes scheme, host or port.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        base_url: str,
        home_url: str = "",
        now: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._key = key
        self._hmac_key = percent_encoded(secret) + "&"
        self._base_url = base_url
        self._home_url = home_url or base_url
        self._now = now
        self._nonce = nonce
        self._ahead_s = 0.0  # how far the shop's clock is ahead of ours

    def sign(self, call: Call, url: str) -> Call:
        oauth = [
            ("oauth_consumer_key", self._key),
            ("oauth_nonce", self._nonce()),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", str(int(self._now() + self._ahead_s))),
        ]
        signed_url = self._home_url + url.removeprefix(self._base_url)
        text = signature_base_string(call.method, signed_url, [*call.query, *oauth])
        signature = hmac_signature(text, self._hmac_key, hashlib.sha256)
        return replace(call, query=[*call.query, *oauth, ("oauth_signature", signature)])

    def corrects_clock(self, headers: Mapping[str, str]) -> bool:
        try:
            shop_s = parsedate_to_datetime(headers.get("Date", "")).timestamp()
        except (ValueError, OverflowError):
            return False
        ahead_s = shop_s - self._now()
        if abs(ahead_s - self._ahead_s) <= _LARGEST_SKEW_S:
            return False
        self._ahead_s = ahead_s
        return True


def signature_base_string(method: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the text that is signed (RFC 5849, section 3.4.1): method, address, sorted parameters."""
    pairs = sorted((percent_encoded(name), percent_encoded(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(percent_encoded(part) for part in (method.upper(), base_string_uri(url), normalised))


def base_string_uri(url: str) -> str:
    """Return the address as it is signed (RFC 5849, section 3.4.1.2): lower case, no default port, no query."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(scheme)) else f":{parts.port}"
    return f"{scheme}://{host}{port}{parts.path or '/'}"


def hmac_signature(text: str, key: str, digest: Callable[..., object]) -> str:
    """Return the base64 HMAC of `text` (RFC 5849, section 3.4.2)."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), digest).digest()).decode()  # type: ignore[arg-type]


def percent_encoded(text: str) -> str:
    """Encode as RFC 5849, section 3.6 wants it: all but letters, digits, `-`, `.`, `_` and `~`."""
    return quote(text, safe="")
