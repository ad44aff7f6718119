"""Many rows handed to one statement: its text, and so its plan, is the same however many they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, FromClause, any_, bindparam, column, func


def given(rows: Sequence[Mapping[str, Any]], *columns: Column[Any], name: str = "given") -> FromClause:
    """Return `rows` as a table of these columns, to select from or to join with."""
    arrays = [bindparam(None, [row[one.name] for row in rows], type_=ARRAY(one.type, dimensions=1)) for one in columns]
    named = [column(one.name, one.type) for one in columns]
    return func.unnest(*arrays).table_valued(*named, name=name).render_derived()


def among(one: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """The condition that a column has one of these values."""
    return one == any_(bindparam(None, list(values), type_=ARRAY(one.type, dimensions=1)))
