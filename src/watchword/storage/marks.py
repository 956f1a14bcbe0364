"""What a database remembers of itself, so that the wrong keys beside it are noticed before they do harm."""

from sqlalchemy import select, text

from watchword.storage.schema import marks
from watchword.storage.work import Work

_KEYS = "keys"
_KEEP = text("INSERT INTO marks (tenant, name, value) VALUES (:tenant, :name, :value) ON CONFLICT DO NOTHING")


def recognises_keys(work: Work) -> bool:
    """Tell whether the keys are those that this database was begun with; the first keys that come are."""
    digest = work.keys.digest("these are the keys of this database")
    mine = (marks.c.tenant == work.tenant) & (marks.c.name == _KEYS)
    known = work.connection.execute(select(marks.c.value).where(mine)).scalar()
    if known is None:
        work.connection.execute(_KEEP, {"tenant": work.tenant, "name": _KEYS, "value": digest})
        known = work.connection.execute(select(marks.c.value).where(mine)).scalar()
        work.commit()
    return known == digest
