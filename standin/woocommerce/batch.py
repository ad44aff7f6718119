"""Batches: 200 even when items fail, each error at its place. Source: contracts/woocommerce.md section 11."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from standin.woocommerce.errors import ApiError, too_many
from standin.woocommerce.money import php_integer
from standin.woocommerce.routing import Answer, Call, Handler

LIMIT = 100


@dataclass(frozen=True)
class Batch:
    """What create, update and delete do with one item. They raise ApiError for that item only."""

    create: Callable[[Call, Mapping[str, Any]], dict[str, Any]]
    update: Callable[[Call, Mapping[str, Any]], dict[str, Any]]
    delete: Callable[[Call, int], dict[str, Any]]


def batch_handler(batch: Batch) -> Handler:
    """A handler that works one list after the other, item by item, in the order given."""

    def handle(call: Call) -> Answer:
        lists = {name: _as_list(call.given.get(name)) for name in ("create", "update", "delete")}
        if sum(len(items) for items in lists.values()) > LIMIT:
            raise too_many(LIMIT)
        done: dict[str, Any] = {}
        for name, work in (("create", batch.create), ("update", batch.update)):
            if lists[name]:
                items = [item if isinstance(item, Mapping) else {} for item in lists[name]]
                done[name] = [_one(work, call, item, 0 if name == "create" else item.get("id")) for item in items]
        if lists["delete"]:
            numbers = [number for number in map(php_integer, lists["delete"]) if number]
            done["delete"] = [_one(batch.delete, call, number, number) for number in numbers]
        return Answer(done or [])

    return handle


def _as_list(value: Any) -> list[Any]:
    """What isn't a list counts as nothing to do."""
    return value if isinstance(value, list) else []


def _one(work: Callable[[Call, Any], dict[str, Any]], call: Call, item: Any, number: Any) -> dict[str, Any]:
    try:
        return work(call, item)
    except ApiError as error:
        return {"id": number, "error": error.body()}
