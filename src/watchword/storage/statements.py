"""Statements that are built and compiled once, and run straight on the driver.

A store builds its statements with SQLAlchemy Core, when it is imported. Building and compiling them at every call would
cost several times what the database needs to run them.
"""

import importlib
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Dialect, FunctionElement, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable

_REQUIRED = object()
_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement in the words of one database."""

    sql: str
    blanks: tuple[tuple[str, _Convert | None, object], ...]
    """Name, conversion and default of each value, in order."""
    row: Callable[[Iterable[Any]], Any]
    conversions: tuple[tuple[int, _Convert], ...]
    table: str | None
    """The one table that it writes to."""
    adds_only: bool

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order in which the driver wants them.

        Raises:
            KeyError: one is missing.
        """
        found = []
        for name, convert, default in self.blanks:
            value = given[name] if default is _REQUIRED else given.get(name, default)
            found.append(value if convert is None else convert(value))
        return found

    def rows(self, fetched: Iterable[Sequence[Any]]) -> list[Any]:
        """Return what the driver fetched as rows with names."""
        if not self.conversions:
            return [self.row(values) for values in fetched]
        return [self.row(self._converted(values)) for values in fetched]

    def _converted(self, values: Sequence[Any]) -> list[Any]:
        converted = list(values)
        for position, convert in self.conversions:
            converted[position] = convert(converted[position])
        return converted


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement of SQLAlchemy Core; its blanks are ``bindparam``, its rows have the names of its columns."""

    clause: Executable
    _prepared: dict[str, Prepared] = field(default_factory=dict, init=False, repr=False)

    def on(self, dialect: Dialect) -> Prepared:
        """Return it as a database wants it; it is compiled at the first call."""
        found = self._prepared.get(dialect.name)
        if found is None:
            found = self._prepared[dialect.name] = _prepare(self.clause_for(dialect), dialect)
        return found

    def clause_for(self, dialect: Dialect) -> Executable:
        """Return the clause to compile."""
        del dialect
        return self.clause


@dataclass(frozen=True, slots=True, eq=False)
class Upsert(Statement):
    """Adds a row, or changes the one that has the same key already."""

    table: Table
    keys: tuple[str, ...]
    changed: tuple[str, ...]

    @classmethod
    def into(cls, table: Table, *changed: str, keys: Sequence[str] = ()) -> "Upsert":
        """Return what changes these columns of a row with the same *keys*, else the primary key."""
        return cls(table.insert(), table, tuple(keys) or tuple(each.name for each in table.primary_key), changed)

    def clause_for(self, dialect: Dialect) -> Executable:
        """Return the clause, which each database has to itself in SQLAlchemy."""
        adding = importlib.import_module(f"sqlalchemy.dialects.{dialect.name}").insert(self.table)
        fresh = {name: adding.excluded[name] for name in self.changed}
        clause: Executable = adding.on_conflict_do_update(index_elements=list(self.keys), set_=fresh)
        return clause


class json_rows(FunctionElement[str]):  # noqa: N801  # reads like the functions of SQL that it stands for
    """All rows of a subquery as one JSON text: ``[["uri", "value"], …]``."""

    type = Text()
    inherit_cache = True
    name = "json_rows"

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        """Gather these columns."""
        super().__init__(*columns)


@compiles(json_rows, "sqlite")
def _rows_on_sqlite(element: json_rows, compiler: Any, **options: Any) -> str:  # noqa: ANN401  # SQLAlchemy's hook
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def _rows_on_postgresql(element: json_rows, compiler: Any, **options: Any) -> str:  # noqa: ANN401  # SQLAlchemy's hook
    return f"coalesce(json_agg(json_build_array({compiler.process(element.clauses, **options)})), '[]')::text"


def _prepare(clause: Any, dialect: Dialect) -> Prepared:  # noqa: ANN401  # any kind of statement
    compiled = clause.compile(dialect=dialect)
    adds = bool(getattr(clause, "is_insert", False))
    unset = {name for name, bind in compiled.binds.items() if bind.required}
    state = compiled.construct_expanded_state(dict.fromkeys(unset), escape_names=False)
    blanks = tuple(
        (name, _to_driver(compiled.binds.get(name), dialect), _default(name, unset, state.parameters, adds=adds))
        for name in state.positiontup or ()
    )
    columns = list(getattr(clause, "exported_columns", ()))
    conversions = ((number, each.type.dialect_impl(dialect).result_processor(dialect, None))
                   for number, each in enumerate(columns))  # fmt: skip
    table = getattr(clause, "table", None)
    return Prepared(
        state.statement, blanks, _row_of([each.key for each in columns]),
        tuple((number, convert) for number, convert in conversions if convert is not None),
        None if table is None else table.name, adds and getattr(clause, "_post_values_clause", None) is None,
    )  # fmt: skip


def _to_driver(bind: BindParameter[Any] | None, dialect: Dialect) -> _Convert | None:
    """Return how a value is made ready for the driver; members of a list are texts, and need nothing."""
    return None if bind is None else bind.type.dialect_impl(dialect).bind_processor(dialect)


def _default(name: str, unset: set[str], constants: Mapping[str, object], *, adds: bool) -> object:
    """Return what stands for a value that is not given: what was built in, or null in a new row."""
    if name in unset:
        return None if adds else _REQUIRED
    return constants[name]


def _row_of(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    if not names:
        return tuple
    named: Any = namedtuple("Row", list(names))  # type: ignore[misc]  # noqa: PYI024  # the names are the statement's
    row: Callable[[Iterable[Any]], Any] = named._make
    return row
