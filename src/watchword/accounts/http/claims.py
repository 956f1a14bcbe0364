"""Claim dialects over REST (platform.md 4.3): what there is; all of it is built in."""

from dataclasses import dataclass
from typing import Any, Final

from watchword.accounts.dialects import LOCAL_DIALECT, Dialect, ExternalClaim, LocalClaim, dialects, local_claims
from watchword.accounts.model import PRIMARY
from watchword.accounts.usecases.claims import (
    UsersOfClaim,
    read_dialect,
    read_external_claim,
    read_local_claim,
    refuse_change,
)
from watchword.accounts.usecases.stores import list_user_stores
from watchword.base.problems import DialectsAreFixed
from watchword.storage.work import Work
from watchword.web.model import Ask, Route, delete, get, post, put

DIALECTS: Final = "/api/server/v1/claim-dialects"
LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class ClaimDialectsApi:
    """The handlers of claim dialects."""

    used_by: UsersOfClaim

    def routes(self) -> list[Route]:
        """Return the table of routes for claim dialects."""
        view: dict[str, Any] = {"permission": "claims:view"}
        edit: dict[str, Any] = {"permission": "claims:edit"}
        given: dict[str, Any] = {"body": dict[str, Any], **edit}
        local, one = f"{DIALECTS}/{LOCAL}/claims", f"{DIALECTS}/{{dialect}}"
        return [
            get(DIALECTS, self.list, **view),
            post(DIALECTS, self.refuse, status=201, **given),
            get(local, self.list_local, **view),
            post(local, self.refuse, status=201, **given),
            get(f"{local}/{{claim}}", self.read_local, **view),
            put(f"{local}/{{claim}}", self.refuse_local, **given),
            delete(f"{local}/{{claim}}", self.refuse_local, status=204, **edit),
            get(one, self.read, **view),
            put(one, self.refuse, **given),
            delete(one, self.refuse, status=204, **edit),
            get(f"{one}/claims", self.list_external, **view),
            post(f"{one}/claims", self.refuse, status=201, **given),
            get(f"{one}/claims/{{claim}}", self.read_external, **view),
            put(f"{one}/claims/{{claim}}", self.refuse, **given),
            delete(f"{one}/claims/{{claim}}", self.refuse, status=204, **edit),
        ]

    def list(self, work: Work, ask: Ask[None]) -> object:
        """List the claim dialects."""
        return [_dialect(work, LOCAL, LOCAL_DIALECT), *(_dialect(work, each.id, each.uri) for each in dialects())]

    def list_local(self, work: Work, ask: Ask[None]) -> object:
        """List the claims of our own dialect; ``exclude-identity-claims=true`` leaves out what is kept of accounts."""
        short = ask.query.get("exclude-identity-claims", "").lower() == "true"
        stores = _stores(work)
        return [_local(work, each, stores) for each in local_claims() if not (short and each.is_identity)]

    def read_local(self, work: Work, ask: Ask[None]) -> object:
        """Show one of our own claims, by its URI in base64url."""
        return _local(work, read_local_claim(ask.path["claim"]), _stores(work))

    def read(self, work: Work, ask: Ask[None]) -> object:
        """Show one claim dialect, by its URI in base64url."""
        wanted = ask.path["dialect"]
        if wanted == LOCAL:
            return _dialect(work, LOCAL, LOCAL_DIALECT)
        found = read_dialect(wanted)
        return _dialect(work, found.id, found.uri)

    def list_external(self, work: Work, ask: Ask[None]) -> object:
        """List the claims of another dialect, each with our own."""
        found = read_dialect(ask.path["dialect"])
        return [_external(found, each) for each in found.claims]

    def read_external(self, work: Work, ask: Ask[None]) -> object:
        """Show one claim of another dialect."""
        found = read_dialect(ask.path["dialect"])
        return _external(found, read_external_claim(found, ask.path["claim"]))

    def refuse(self, work: Work, ask: Ask[Any]) -> None:
        """Refuse to change a dialect, since all of them are built in."""
        raise DialectsAreFixed

    def refuse_local(self, work: Work, ask: Ask[Any]) -> None:
        """Refuse to change one of our own claims, and name what uses it."""
        refuse_change(work, ask.path["claim"], self.used_by)


def _stores(work: Work) -> tuple[str, ...]:
    return (PRIMARY, *(store.name for store in list_user_stores(work)))


def _dialect(work: Work, dialect_id: str, uri: str) -> dict[str, object]:
    place = f"/t/{work.tenant}{DIALECTS}/{dialect_id}"
    return {"id": dialect_id, "dialectURI": uri, "link": {"href": f"{place}/claims", "rel": "claims"}}


def _local(work: Work, claim: LocalClaim, stores: tuple[str, ...]) -> dict[str, object]:
    unique = claim.uri in work.settings.claims.unique
    return {
        "id": claim.id,
        "claimURI": claim.uri,
        "dialectURI": LOCAL_DIALECT,
        "displayName": claim.display_name,
        "description": claim.display_name,
        "displayOrder": claim.order,
        "readOnly": claim.read_only,
        "regEx": claim.pattern,
        "required": claim.required,
        "supportedByDefault": claim.shown,
        "dataType": claim.type,
        "multiValued": claim.many,
        "uniquenessScope": "ACROSS_USERSTORES" if unique else "NONE",
        "attributeMapping": [{"mappedAttribute": claim.attribute, "userstore": store} for store in stores],
        "properties": [],
    }


def _external(dialect: Dialect, claim: ExternalClaim) -> dict[str, object]:
    return {
        "id": claim.id,
        "claimURI": claim.uri,
        "claimDialectURI": dialect.uri,
        "mappedLocalClaimURI": claim.local_uri,
    }
