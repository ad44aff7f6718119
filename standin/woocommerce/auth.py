"""Who calls: Basic or query keys over https, OAuth 1.0a one-legged anywhere.

Source: contracts/woocommerce.md sections 2 and 3.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, unquote

from standin.messages import Request
from standin.woocommerce.errors import ApiError, not_authenticated
from standin.woocommerce.shop import ApiKey, Shop

_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_NONCE_WINDOW_S = 15 * 60
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_secure(shop: Shop, request: Request) -> bool:
    """Whether the shop takes the request for https."""
    return shop.switches.behind_tls or request.base_url.startswith("https:")


def authenticate(shop: Shop, request: Request) -> ApiKey | None:
    """The key of the request, None for nobody. Raises ApiError 401 for a wrong secret, signature or permission.

    An unknown key in Basic or in the query is nobody; in OAuth it is an error.
    """
    key = _by_secret(shop, request) if is_secure(shop, request) else None
    key = key or _by_oauth(shop, request)
    if key is not None:
        _check_permission(key, request.method)
    return key


def _check_permission(key: ApiKey, method: str) -> None:
    needed = "read" if method in READS else "write"
    if method != "OPTIONS" and needed not in key.permissions.split("_"):
        raise not_authenticated(f"The API key provided does not have {needed} permissions.")


def _find(shop: Shop, consumer_key: str) -> ApiKey | None:
    return next((key for key in shop.keys if key.consumer_key == consumer_key), None)


def _by_secret(shop: Shop, request: Request) -> ApiKey | None:
    name, secret = request.param("consumer_key") or "", request.param("consumer_secret") or ""
    if not name or not secret:
        name, secret = _basic(request.headers.get("authorization", ""))
    key = _find(shop, name) if name and secret else None
    if key is not None and not hmac.compare_digest(key.consumer_secret.encode(), secret.encode()):
        raise not_authenticated("Consumer secret is invalid.")
    return key


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _by_oauth(shop: Shop, request: Request) -> ApiKey | None:
    given = _oauth_parameters(request)
    missing = [name for name in _OAUTH if not given.get(name)]
    if len(missing) == len(_OAUTH):
        return None
    if missing:
        text = f"Missing OAuth parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise not_authenticated(text, "woocommerce_rest_authentication_missing_parameter")
    key = _find(shop, given["oauth_consumer_key"])
    if key is None:
        raise not_authenticated("Consumer key is invalid.")
    _check_signature(shop, request, key, given)
    _check_nonce(shop, key, given)
    return key


def _oauth_parameters(request: Request) -> dict[str, str]:
    header = request.headers.get("authorization", "")
    given = {name: value for name, value in request.query if name in _OAUTH}
    if header.lower().startswith("oauth "):
        given.update({name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header[6:])})
    return given


def _check_signature(shop: Shop, request: Request, key: ApiKey, given: Mapping[str, str]) -> None:
    digest = _DIGESTS.get(given["oauth_signature_method"])
    if digest is None:
        raise not_authenticated("Invalid signature - signature method is invalid.")
    text = signature_base(request.method, f"{shop.home}{request.path}", _signed_pairs(request, given))
    made = base64.b64encode(hmac.new(f"{key.consumer_secret}&".encode(), text.encode(), digest).digest()).decode()
    # WordPress decodes the query once more before comparing, so a plus that came as a blank is put back.
    if not hmac.compare_digest(made.encode(), given["oauth_signature"].replace(" ", "+").encode()):
        raise not_authenticated("Invalid signature - provided signature does not match.")


def _signed_pairs(request: Request, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """All pairs but the signature. PHP has made ``a[]`` into ``a[0]``, ``a[1]`` … by now: a client that signs the
    brackets as it sent them fails, in a real shop too."""
    in_query = {name for name, _ in request.query}
    pairs = [(n, value) for n, value in given.items() if n != "oauth_signature" and n not in in_query]
    counts: dict[str, int] = {}
    for name, value in request.query:
        if name.endswith("[]"):
            number = counts[name] = counts.get(name, -1) + 1
            pairs.append((f"{name[:-1]}{number}]", value))
        elif name != "oauth_signature":
            pairs.append((name, value))
    return pairs


def signature_base(method: str, url: str, pairs: list[tuple[str, str]]) -> str:
    """What OAuth 1.0a signs: method, URL and the sorted parameters, percent-encoded."""
    encoded = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    return f"{method.upper()}&{quote(url, safe='~')}&{quote(joined, safe='~')}"


def _check_nonce(shop: Shop, key: ApiKey, given: Mapping[str, str]) -> None:
    used = shop.used_nonces.setdefault(key.consumer_key, {})
    stamp = _whole_seconds(given["oauth_timestamp"], shop.now)
    if given["oauth_nonce"] in used:
        raise not_authenticated("Invalid nonce - nonce has already been used.")
    used[given["oauth_nonce"]] = stamp
    now = int(shop.now.timestamp())
    for nonce in [nonce for nonce, at in used.items() if at < now - _NONCE_WINDOW_S]:
        del used[nonce]


def _whole_seconds(text: str, now: datetime) -> int:
    stamp = int(text) if text.isdigit() else 0
    if abs(stamp - now.timestamp()) > _NONCE_WINDOW_S:
        raise not_authenticated("Invalid timestamp.")
    return stamp


def refuse_unless_allowed(key: ApiKey | None, error: ApiError) -> None:
    """Raises ``error`` for anybody without rights over the shop."""
    if key is None or not key.manages_shop:
        raise error
