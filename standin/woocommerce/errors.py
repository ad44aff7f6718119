"""The errors of the API: ``{code, message, data: {status, ...}}``. Source: contracts/woocommerce.md section 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """One refused request. ``data`` is put beside the status, or replaces it whole where ``bare_data`` is set."""

    def __init__(
        self, status: int, code: str, message: str, data: Mapping[str, Any] | None = None, *, bare_data: Any = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.data: Any = bare_data if bare_data is not None else {"status": status, **(data or {})}

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        return {"code": self.code, "message": self.message, "data": self.data}


def no_route() -> ApiError:
    """Unknown route, version or method; also everything while WooCommerce is switched off."""
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")


def unknown_order(*, writing: bool = False, old: bool = False) -> ApiError:
    """404 for a read, but 400 for a write, in versions after 8.9 with another text."""
    code = "woocommerce_rest_shop_order_invalid_id"
    return ApiError(400 if writing else 404, code, "ID is invalid." if writing and not old else "Invalid ID.")


def unknown_product(*, writing: bool = False) -> ApiError:
    """404 for a read, 400 for a write."""
    return ApiError(400 if writing else 404, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def unknown_variation() -> ApiError:
    """404 for reads and writes, also for a variation of another parent."""
    return ApiError(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")


def variation_on_product_route() -> ApiError:
    """A variation was written on ``/products``."""
    route = "/products/&lt;product_id&gt;/variations/&lt;id&gt;"
    text = f"To manipulate product variations you should use the {route} endpoint."
    return ApiError(404, "woocommerce_rest_invalid_product_id", text)


def refund_refused(message: str) -> ApiError:
    """A refund that can not be: status 500 with the bare number as data."""
    return ApiError(500, "woocommerce_rest_cannot_create_order_refund", message, bare_data=500)


def not_authenticated(message: str, code: str = "woocommerce_rest_authentication_error") -> ApiError:
    """Wrong secret, wrong signature, or a key without the right that the method needs: all 401."""
    return ApiError(401, code, message)


_FORBIDDEN = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "view": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "create": ("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
    "edit": ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("woocommerce_rest_cannot_delete", "Sorry, you are not allowed to delete this resource."),
    "batch": ("woocommerce_rest_cannot_batch", "Sorry, you are not allowed to batch manipulate this resource."),
}


def forbidden(doing: str, *, known_user: bool) -> ApiError:
    """403 for a user without the right, 401 for nobody."""
    code, message = _FORBIDDEN[doing]
    return ApiError(403 if known_user else 401, code, message)


def too_many(limit: int) -> ApiError:
    """A batch above its limit."""
    text = f"Unable to accept more than {limit} items for this request."
    return ApiError(413, "woocommerce_rest_request_entity_too_large", text)


def trash_not_supported(things: str) -> ApiError:
    """DELETE without force on what has no bin."""
    return ApiError(501, "woocommerce_rest_trash_not_supported", f"{things} do not support trashing.")
