"""Values that only one account may have, as rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from watchword.storage.schema import unique_values
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class UniqueValues:
    """Values of claims that only one account of the Work's tenant may have; the primary key decides every race."""

    work: Work

    def release(self, user_id: str, uris: Collection[str]) -> None:
        """Give back what a user has of some claims."""
        if uris:
            mine = (unique_values.c.tenant == self.work.tenant) & (unique_values.c.user_id == user_id)
            self.work.connection.execute(delete(unique_values).where(mine, unique_values.c.uri.in_(uris)))

    def claim(self, user_id: str, values: Mapping[str, str]) -> str | None:
        """Take values for a user; return the URI of the first that somebody has."""
        for uri, folded in values.items():
            row = {"tenant": self.work.tenant, "uri": uri, "folded": folded, "user_id": user_id}
            try:
                self.work.connection.execute(insert(unique_values), row)
            except IntegrityError:
                return uri
        return None
