"""When the server itself is in trouble: JSON or HTML by ``Accept``. Source: contracts/woocommerce.md section 14."""

from __future__ import annotations

from standin.messages import Request, Response
from standin.woocommerce.answers import JSON_TYPE, encoded
from standin.woocommerce.switches import Switches

_UNCACHED = {
    "Server": "nginx",
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
_MAINTENANCE = "Briefly unavailable for scheduled maintenance. Check back in a minute."
_NO_DATABASE = "<h1>Error establishing a database connection</h1>"
_CRITICAL = (
    "<p>There has been a critical error on this website.</p>"
    '<p><a href="https://wordpress.org/documentation/article/faq-troubleshooting/">'
    "Learn more about troubleshooting WordPress.</a></p>"
)
_FATAL = {
    "type": 1,
    "message": "Uncaught Error: Call to undefined function nonexistent_function_boom() in "
    "/srv/shop/wp-content/mu-plugins/zz_boom.php:1\nStack trace:\n#0 {main}\n  thrown",
    "file": "/srv/shop/wp-content/mu-plugins/zz_boom.php",
    "line": 1,
}
_PAGE = """<!DOCTYPE html>
<html dir='ltr'>
<head>
	<meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
	<title>{title}</title>
</head>
<body id="error-page">
	<div class="wp-die-message">{message}</div></body>
</html>
"""


def trouble(switches: Switches, request: Request) -> Response | None:
    """The answer of a server that is in trouble, None while all is well."""
    if switches.maintenance:
        response = _died(request, 503, "wp_die", _MAINTENANCE, "Maintenance")
        response.headers["Retry-After"] = "600"
        return response
    if switches.database_down:
        return _died(request, 500, "wp_die", _NO_DATABASE, "Database Error")
    if switches.php_fatal:
        return php_error(request)
    return None


def php_error(request: Request) -> Response:
    """An uncaught error of PHP; as JSON it carries a stack trace."""
    return _died(request, 500, "internal_server_error", _CRITICAL, "WordPress &rsaquo; Error", {"error": _FATAL})


def busy(request: Request) -> Response:
    """A rate limit: WooCommerce has none of its own, hosts and firewalls in front do, and answer as they like."""
    return _died(request, 429, "too_many_requests", "Too many requests.", "429 Too Many Requests")


def page_not_found() -> Response:
    """WordPress's own 404 page: where permalinks are plain, ``/wp-json/`` is no more than a wrong address."""
    page = _PAGE.format(title="Page not found", message="Page not found")
    return Response(404, page, dict(_UNCACHED), "text/html; charset=UTF-8")


def wants_json(request: Request) -> bool:
    """WordPress looks at ``Accept``, and at the type of what was sent."""
    return any("application/json" in request.headers.get(name, "") for name in ("accept", "content-type"))


def _died(
    request: Request, status: int, code: str, message: str, title: str, data: dict[str, object] | None = None
) -> Response:
    if not wants_json(request):
        page = _PAGE.format(title=title, message=message)
        return Response(status, page, dict(_UNCACHED), "text/html; charset=UTF-8")
    body = {"code": code, "message": message, "data": {"status": status, **(data or {})}, "additional_errors": []}
    return Response(status, encoded(body), dict(_UNCACHED), JSON_TYPE)
