"""From a request to its answer: trouble, permalinks, keys, route, arguments, rights, handler.

The order is WordPress's: keys are looked at before the route, arguments before rights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from standin.messages import Request, Response
from standin.woocommerce import notes, orders, products, reference, refunds, webhooks
from standin.woocommerce.answers import finished, response
from standin.woocommerce.arguments import checked, php_query
from standin.woocommerce.auth import authenticate
from standin.woocommerce.errors import ApiError, forbidden, no_route
from standin.woocommerce.routing import Answer, Call, Operation, Route
from standin.woocommerce.shop import ApiKey, Shop
from standin.woocommerce.trouble import page_not_found, trouble

API = "/wp-json"
WC = f"{API}/wc/v3"
ROUTES: list[Route] = [
    *orders.ROUTES,
    *notes.ROUTES,
    *refunds.ROUTES,
    *reference.ROUTES,
    *products.ROUTES,
    *webhooks.ROUTES,
]
_WP_NAMESPACES = ["oembed/1.0", "wp-abilities/v1", "wp/v2", "wp-site-health/v1", "wp-block-editor/v1"]
_WC_NAMESPACES = [
    "wc/v3",
    "wc/v1",
    "wc/pos/v1/catalog",
    "jetpack/v4",
    "wc-admin",
    "wc-analytics",
    "wc/store",
    "wc/store/v1",
    "wc/private",
    "wc/v2",
    "wc-admin-email",
    "wc-telemetry",
    "wccom-site/v3",
]
_GLOBAL_PARAMETERS = {
    "_fields",
    "_envelope",
    "rest_route",
    "consumer_key",
    "consumer_secret",
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_version",
}


def answer(shop: Shop, request: Request) -> Response:
    """The answer to any request on the shop's address."""
    if failed := trouble(shop.switches, request):
        return failed
    by_query = request.param("rest_route") if request.path in {"/", "/index.php"} else None
    if by_query is None and (shop.switches.plain_permalinks or not request.path.startswith(API)):
        return page_not_found()
    # Keys are only tried where the path holds wp-json/wc/: by rest_route everybody is nobody.
    key: ApiKey | None = None
    try:
        if by_query is None and request.path.startswith(f"{API}/wc/") and not shop.switches.woocommerce_off:
            key = authenticate(shop, request)
        path = f"{API}{by_query}" if by_query is not None else request.path
        return _routed(shop, replace(request, path=path.rstrip("/") or "/"), key)
    except ApiError as error:
        return response(error.status, error.body(), shop.home, _without_user(key))


def _without_user(key: ApiKey | None) -> dict[str, str]:
    return {"Vary": "Origin"} if key is None else {}


def _routed(shop: Shop, request: Request, key: ApiKey | None) -> Response:
    query = php_query(request.query)
    if request.path == API:
        return finished(_index(shop), query, shop.home, {"Allow": "GET", "Vary": "Origin"})
    if not request.path.startswith(f"{WC}/") or shop.switches.woocommerce_off:
        raise no_route()
    path = request.path.removeprefix(WC)
    route, ids = _find_route(shop, path)
    method = "GET" if request.method == "HEAD" else request.method
    if method == "OPTIONS":
        return finished(_described(shop, route), query, shop.home, _allow(route, key))
    operation = route.operations.get(method)
    if operation is None:
        raise no_route()
    try:
        given = {**query, **_body(request)}
        params = checked(operation.rules_for(shop), given)
        _check_right(operation, key)
        _count_ignored(shop, operation, query)
        call = Call(shop, request, key, ids, query, given, params, path)
        return finished(operation.handler(call), query, shop.home, _allow(route, key))
    except ApiError as error:
        return response(error.status, error.body(), shop.home, {**_allow(route, key), **_without_user(key)})


def _find_route(shop: Shop, path: str) -> tuple[Route, dict[str, str]]:
    for route in ROUTES:
        ids = route.match(path)
        if ids is not None and route.since <= shop.switches.major:
            return route, ids
    raise no_route()


def _allow(route: Route, key: ApiKey | None) -> dict[str, str]:
    """Only who has rights is told what is allowed."""
    return {"Allow": ", ".join(route.methods)} if key is not None and key.manages_shop else {}


def _check_right(operation: Operation, key: ApiKey | None) -> None:
    if key is None or not key.manages_shop:
        raise forbidden(operation.doing, known_user=key is not None)


def _body(request: Request) -> dict[str, Any]:
    """The members of a JSON or form body. Raises ApiError 400."""
    if not request.body:
        return {}
    if "json" not in request.headers.get("content-type", ""):
        return php_query(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        value = request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        data = {"json_error_code": 4, "json_error_message": "Syntax error"}
        raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.", data) from None
    return value if isinstance(value, dict) else {}


def _count_ignored(shop: Shop, operation: Operation, query: Mapping[str, Any]) -> None:
    """WooCommerce ignores what it doesn't know; the counters tell a test which names those were."""
    for name in set(query) - set(operation.rules_for(shop)) - _GLOBAL_PARAMETERS:
        shop.ignored_parameters[name] = shop.ignored_parameters.get(name, 0) + 1


def _index(shop: Shop) -> Answer:
    """``/wp-json/``, readable without keys: which namespaces there are, and the time zone."""
    offset = shop.now.astimezone(shop.switches.zone).utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0.0
    own = [] if shop.switches.woocommerce_off else _WC_NAMESPACES
    authorize = f"{shop.home}/wp-admin/authorize-application.php"
    return Answer(
        {
            "name": shop.switches.title,
            "description": "",
            "url": shop.home,
            "home": shop.home,
            "gmt_offset": int(hours) if hours == int(hours) else hours,
            "timezone_string": shop.switches.time_zone,
            "namespaces": [_WP_NAMESPACES[0], *own, *_WP_NAMESPACES[1:]],
            "authentication": {"application-passwords": {"endpoints": {"authorization": authorize}}},
        }
    )


def _described(shop: Shop, route: Route) -> Answer:
    """OPTIONS: methods and the names and types of the arguments that this stand-in knows."""
    endpoints = [
        {"methods": [method], "args": {n: {"type": r.kind} for n, r in operation.rules_for(shop).items()}}
        for method, operation in route.operations.items()
    ]
    links = {"self": [{"href": f"{shop.home}{WC}"}]}
    data = {"namespace": "wc/v3", "methods": route.methods, "endpoints": endpoints, "schema": {}, "_links": links}
    return Answer(data)
