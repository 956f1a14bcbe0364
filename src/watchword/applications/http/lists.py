"""How the interfaces of this slice answer with a list or warn, and where a thing is found."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from watchword.applications.listing import Page, Wanted
from watchword.storage.work import Work

Item = TypeVar("Item")


def address(work: Work, root: str, *parts: str) -> str:
    """Return the address of something in the tenant of the work."""
    return "/".join((f"/t/{work.tenant}{root}", *parts))


def warning(said: Sequence[str]) -> dict[str, str]:
    """Return the header that tells an administrator what is better written otherwise (RFC 7234, 5.5)."""
    return {"Warning": ", ".join(f'299 watchword "{_quoted(each)}"' for each in said)} if said else {}


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def list_body(
    page: Page[Item], wanted: Wanted, *, name: str, shown: Callable[[Item], object], link: str, query: Mapping[str, str]
) -> dict[str, object]:
    """Return a page of a list with the way to the pages beside it."""
    links = []
    if wanted.offset + len(page.items) < page.total and wanted.limit:
        links.append({"href": _other(link, query, wanted, wanted.offset + wanted.limit), "rel": "next"})
    if wanted.offset:
        links.append({"href": _other(link, query, wanted, max(wanted.offset - wanted.limit, 0)), "rel": "previous"})
    return {
        "totalResults": page.total,
        "startIndex": page.start,
        "count": len(page.items),
        name: [shown(item) for item in page.items],
        "links": links,
    }


def _other(link: str, query: Mapping[str, str], wanted: Wanted, offset: int) -> str:
    return f"{link}?{urlencode({**query, 'limit': wanted.limit, 'offset': offset})}"
