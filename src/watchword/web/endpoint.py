"""From an HTTP request to a handler and back: the only asynchronous part, and the only place that catches everything.

The limits hold before anything is parsed. The work itself runs on a bounded set of threads, each with a unit of work of
its own; the event loop does nothing but read and write sockets.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from watchword.base.entropy import Entropy, random_uuid
from watchword.base.log import trace_id
from watchword.base.problems import (
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    ServerFault,
    TooLarge,
    Unavailable,
    WrongContentType,
)
from watchword.storage.work import Origin, Work, Works
from watchword.web.decoding import decode_form, decode_json
from watchword.web.dialects import as_json
from watchword.web.model import NOBODY, SUPER_TENANT, Ask, Caller, Door, Reply, Route
from watchword.web.peers import Peers

log = logging.getLogger(__name__)

BODY_SECONDS = 10.0
MOST_QUEUED = 512
REFUSAL_SECONDS = 0.2
MAX_TRACE_LENGTH = 64
NO_STORE = "no-store, no-cache, must-revalidate, private"
BASE_HEADERS = {
    "Cache-Control": NO_STORE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Gate(Protocol):
    """Knows who is calling."""

    def admit(self, work: Work, authorization: str | None, permission: str | None, *, people: bool) -> Caller:
        """Return the caller, or refuse it."""


class Tenancy(Protocol):
    """Knows which tenants there are."""

    def check(self, work: Work) -> None:
        """Refuse a tenant that does not exist, or is switched off."""


class ProblemPages(Protocol):
    """Says a problem as a page."""

    def problem(self, work_path: str, problem: Problem, trace: str, languages: str) -> Reply:
        """Return the page."""


@dataclass(slots=True)
class Requests:
    """What was asked and how it was answered, for the metrics: counts and seconds by route and status."""

    counts: dict[tuple[str, str, int], int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.counts[method, path, status] = self.counts.get((method, path, status), 0) + 1
        self.seconds[method, path] = self.seconds.get((method, path), 0.0) + seconds


@dataclass(slots=True)
class Endpoint:
    """Answers requests by calling the handlers of the slices."""

    works: Works
    gate: Gate
    tenancy: Tenancy
    entropy: Entropy
    peers: Peers
    pages: ProblemPages | None = None
    threads: int = 64
    requests: Requests = field(default_factory=Requests)
    _pool: ThreadPoolExecutor = field(init=False)
    _queued: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Start no thread yet."""
        self._pool = ThreadPoolExecutor(self.threads, "request")

    def application(self, routes: Sequence[Route]) -> Starlette:
        """Return the application that serves *routes*, each also under ``/t/{tenant}``."""
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route
        table: list[StarletteRoute] = []
        exact: dict[str, _Served] = {}
        for path, methods in by_path.items():
            served = self._serve(methods)
            in_tenants = any(route.tenants for route in methods.values())
            prefixes = ("", "/t/{tenant}") if in_tenants else ("",)
            if "{" not in path:
                exact[path] = served
            table += [StarletteRoute(prefix + path, served, methods=sorted(methods)) for prefix in prefixes]
        application = _Application(routes=table, exception_handlers={HTTPException: self._refuse_route})
        application.exact = exact
        application.router.redirect_slashes = False
        return application

    def close(self) -> None:
        """Wait for what is being done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _serve(self, methods: Mapping[str, Route]) -> "_Served":
        async def served(request: Request) -> Response:
            route = methods.get(request.method)
            if route is None:
                return await self._refuse_route(
                    request, HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
                )
            return await self._answer(request, route)

        return served

    async def _answer(self, request: Request, route: Route) -> Response:
        began_at = time.perf_counter()
        trace = trace_of(request, self.entropy)
        trace_id.set(trace)
        tenant = request.path_params.get("tenant", SUPER_TENANT).lower()
        client = self.peers.client_of(request)
        try:
            _refuse_nul(request)
            if route.hashes:
                await self._refuse_if_full()
            body = await _read_body(request, route)
            if route.hashing_field and body.get(route.hashing_field):
                await self._refuse_if_full()
            reply = await self._in_thread(route, tenant, Origin("-", client, trace), request, body)
            response = _response(reply, route)
        except Problem as problem:
            response = self._problem(request, problem, trace, is_page=route.page)
        except Exception:
            log.exception("a request failed")
            response = self._problem(request, ServerFault(), trace, is_page=route.page)
        response.headers["X-Trace-Id"] = trace
        self.requests.add(request.method, route.path, response.status_code, time.perf_counter() - began_at)
        return response

    async def _refuse_if_full(self) -> None:
        """Refuse whoever would wait too long for a hash, after a pause: many ask again as soon as they are refused.

        Raises:
            Unavailable
        """
        try:
            self.works.surroundings.hasher.refuse_if_full()
        except Unavailable:
            await asyncio.sleep(REFUSAL_SECONDS)
            raise

    async def _in_thread(self, route: Route, tenant: str, origin: Origin, request: Request, body: Any) -> Reply:  # noqa: ANN401  # of the route's own type
        """Do the work on a thread; refuse it at once where too many wait."""
        if self._queued >= MOST_QUEUED:
            raise Unavailable(seconds=1)
        self._queued += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._work, route, tenant, origin, request, body)
        finally:
            self._queued -= 1

    def _work(self, route: Route, tenant: str, origin: Origin, request: Request, body: Any) -> Reply:  # noqa: ANN401  # of the route's own type
        trace_id.set(origin.trace)

        def task(work: Work) -> Reply:
            self.tenancy.check(work)
            caller = NOBODY
            if route.door is Door.CALLER:
                authorization = request.headers.get("authorization")
                caller = self.gate.admit(work, authorization, route.permission, people=route.people)
                work.origin = Origin(f"{caller.tenant}/{caller.name}", origin.source, origin.trace)
            path = {name: value for name, value in request.path_params.items() if name != "tenant"}
            query = {name: value for name, value in request.query_params.items() if "\0" not in value}
            raw_query = request.scope["query_string"].decode("latin-1")
            asked = Ask(body, caller, origin.source, path, query, request.headers, _cookies(request), raw_query)
            result = route.handler(work, asked)
            return result if isinstance(result, Reply) else Reply(result)

        return self.works.do(tenant, task, origin, reading=route.reading)

    async def _refuse_route(self, request: Request, failure: Exception) -> Response:
        """Answer a request that no route takes."""
        trace = trace_of(request, self.entropy)
        trace_id.set(trace)
        status = failure.status_code if isinstance(failure, HTTPException) else 404
        problem: Problem = MethodNotAllowed() if status == MethodNotAllowed.status else NotFound()
        response = self._problem(request, problem, trace, is_page="text/html" in request.headers.get("accept", ""))
        allowed = failure.headers if isinstance(failure, HTTPException) else None
        response.headers.update({**(allowed or {}), "X-Trace-Id": trace})
        return response

    def _problem(self, request: Request, problem: Problem, trace: str, *, is_page: bool) -> Response:
        if is_page and self.pages is not None:
            languages = request.headers.get("accept-language", "")
            reply = self.pages.problem(request.url.path, problem, trace, languages)
            response = _response(reply, None)
        else:
            profile = self.works.surroundings.settings.compat_profile
            body = as_json(problem, path=request.url.path, compat_profile=profile, trace=trace)
            response = _response(Reply(body, problem.status), None)
        response.headers.update(problem.headers)
        return response


_Served = Callable[[Request], Awaitable[Response]]


class _Application(Starlette):
    """Finds a path without blanks at once; trying one pattern after the other takes as long as a use case does."""

    exact: Mapping[str, _Served]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        served = self.exact.get(scope["path"]) if scope["type"] == "http" else None
        if served is None:
            await super().__call__(scope, receive, send)
            return
        response = await served(Request(scope, receive, send))
        await response(scope, receive, send)


def _cookies(request: Request) -> dict[str, str]:
    """Return the cookies; of two of one name the first, which is that of the longer path (RFC 6265, 5.4)."""
    found: dict[str, str] = {}
    for part in request.headers.get("cookie", "").split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name.strip(), value.strip().strip('"'))
    return found


def _refuse_nul(request: Request) -> None:
    """Refuse an address that the two databases would disagree about."""
    if any("\0" in value for value in request.path_params.values()):
        raise NotFound


def trace_of(request: Request, entropy: Entropy) -> str:
    """Return the id that the caller wants this request known by, or a fresh one."""
    given = request.headers.get("x-correlation-id") or request.headers.get("activityid") or ""
    usable = (
        0 < len(given) <= MAX_TRACE_LENGTH
        and given.isascii()
        and all(letter.isalnum() or letter in "-_." for letter in given)
    )
    return given if usable else random_uuid(entropy)


async def _read_body(request: Request, route: Route) -> Any:  # noqa: ANN401  # of the route's own type
    if route.body is None:
        return None
    expected = "application/x-www-form-urlencoded" if route.page else "application/json"
    given = request.headers.getlist("content-type")
    octets = await _read_octets(request, route.max_bytes)
    if len(given) > 1 or (octets and not _is_type(given[0] if given else "", expected)):
        raise WrongContentType(expected=expected)
    if "content-encoding" in request.headers:
        raise WrongContentType(expected=f"{expected} without a content encoding")
    if route.page:
        return decode_form(octets)
    if not octets:
        raise Malformed
    return decode_json(octets, route.body)


def _is_type(given: str, expected: str) -> bool:
    name, _, parameters = given.partition(";")
    charset = parameters.strip().lower()
    return name.strip().lower() == expected and charset in {"", "charset=utf-8", 'charset="utf-8"'}


async def _read_octets(request: Request, max_bytes: int) -> bytes:
    """Return the whole body, or refuse one that is too large or too slow."""
    stated = request.headers.get("content-length")
    if stated is not None and stated.isdigit() and int(stated) > max_bytes:
        raise TooLarge(limit=f"{max_bytes} bytes")
    octets = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                octets += chunk
                if len(octets) > max_bytes:
                    raise TooLarge(limit=f"{max_bytes} bytes")
    except ClientDisconnect as problem:
        raise Malformed("The body was cut off.") from problem
    except TimeoutError as problem:
        raise Malformed(f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from problem
    return bytes(octets)


def _response(reply: Reply, route: Route | None) -> Response:
    status = reply.status or (route.status if route else 200)
    match reply.content:
        case None:
            content, media_type = b"", reply.media_type
        case str() as text:
            content, media_type = text.encode(), reply.media_type or "text/plain"
        case bytes() as octets:
            content, media_type = octets, reply.media_type
        case document:
            content, media_type = msgspec.json.encode(document), "application/json"
    response = Response(content, status, {**BASE_HEADERS, **reply.headers}, media_type if content else None)
    for cookie in reply.cookies:
        response.headers.append("Set-Cookie", cookie)
    return response
