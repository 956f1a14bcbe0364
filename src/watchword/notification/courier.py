"""The courier empties the outbox: leases what is due, hands it to its sender, and writes down how that ended.

Any number of couriers share a database. A lease keeps others away while a message is being sent; the fence, which goes
up with each lease, keeps a courier that overslept its lease from writing over the next one's result. A failure is tried
again until the code has died, and always with the same text.
"""

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from watchword.base.log import trace_id
from watchword.base.seal import SealBroken
from watchword.notification.model import (
    NO_SENDER,
    Channel,
    MessageState,
    OutboxEntry,
    Receipt,
    Refused,
    Sender,
    Senders,
    Unreachable,
)
from watchword.notification.outbox import Notified, open_message, seal_message, seal_reply, unseal_message
from watchword.notification.own_senders import OwnSenders
from watchword.notification.store import Messages, Outbox
from watchword.storage.work import Origin, Work, Works
from watchword.web.model import SUPER_TENANT

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
POLL_SECONDS = 0.5
MOST_URGENT = 10_000


class Routes(Protocol):
    """Knows the providers that single messages are sent by, whatever the sender of their tenant is."""

    def sender(self, work: Work, route: str) -> Sender | None:
        """Return the sender that a message's route names, as it is configured at this moment."""


@dataclass(slots=True)
class _Waiter:
    """The requests that wait for the first attempt of a message, as long as the first of them has patience."""

    requests: int = 0
    _done: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_settled: bool = False
    _sent: bool | None = None

    def settle(self) -> bool:
        """Claim the right to tell the outcome; whoever comes second must not."""
        with self._lock:
            mine, self._is_settled = not self._is_settled, True
            return mine

    def tell(self, *, sent: bool | None) -> None:
        """Tell the outcome, once it is stored; ``None`` where it could not be."""
        self._sent = sent
        self._done.set()

    def wait(self, seconds: float) -> bool | None:
        """Return whether the message was handed over; ``None`` if the patience ended first."""
        if not self._done.wait(seconds) and self.settle():
            self.tell(sent=None)
        self._done.wait()
        return self._sent


@dataclass(slots=True)
class Counts:
    """What the courier has done since it started, for the metrics."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    by_outcome: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, channel: Channel, outcome: str) -> None:
        """Count one more."""
        with self.lock:
            key = (channel.value, outcome)
            self.by_outcome[key] = self.by_outcome.get(key, 0) + 1


class Courier:
    """Sends for every tenant, on threads of its own; each channel has its own, so that one cannot hold up the other."""

    def __init__(
        self,
        works: Works,
        senders: Senders,
        sweep: Callable[[Work], None] | None = None,
        routes: Routes | None = None,
        own: OwnSenders | None = None,
    ) -> None:
        """Nothing runs before :meth:`start`. *sweep* is called about once a minute, to tidy up.

        *own* are the senders that tenants have of their own; they win over *senders*.
        """
        delivery = works.surroundings.settings.delivery
        self._works = works
        self._senders = senders
        self._routes = routes
        self._own = own
        self._sweep = sweep
        self._delivery = delivery
        self._stopping = threading.Event()
        self._waiters: dict[str, _Waiter] = {}
        self._lock = threading.Lock()
        self._patient = threading.BoundedSemaphore(delivery.waiters) if delivery.waiters else None
        self._ledger = _Ledger(self._settle)
        self._desks = {channel: _Desk(channel, delivery.parallel_sends) for channel in Channel}
        self._threads: list[threading.Thread] = []
        self.counts = Counts()

    def start(self) -> None:
        """Begin to send."""
        for desk in self._desks.values():
            thread = threading.Thread(target=self._run, args=(desk,), name=f"courier-{desk.channel.value}", daemon=True)
            self._threads.append(thread)
            thread.start()
        if self._sweep is not None:
            thread = threading.Thread(target=self._tidy, args=(self._sweep,), name="sweeper", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, seconds: float = 10.0) -> None:
        """Take nothing new, and let what is being sent end; what does not is sent again after its lease."""
        self._stopping.set()
        for desk in self._desks.values():
            desk.nudge.set()
        for thread in self._threads:
            thread.join(seconds)
        for desk in self._desks.values():
            desk.close(seconds)
        self._ledger.close()

    def hurry(self, work: Work, notified: Notified) -> bool | None:
        """See to it that a message that was just committed goes out now.

        Where the settings ask for the first attempt to be waited for, return whether it was handed over; ``None`` means
        that nobody knows yet, and the message stays in the courier's care.
        """
        if notified.state is not MessageState.WAITING:
            return False if notified.state is MessageState.FAILED else None
        work.release()  # whoever waits holds nothing that the courier needs
        desk = self._desks[notified.channel]
        waits = self._delivery.answer == "first-attempt" and self._patient is not None
        if not waits or self._patient is None or not self._patient.acquire(blocking=False):
            desk.hurry(work.tenant, notified.message_id)
            return None
        try:
            with self._waiting_for(notified.message_id) as waiter:
                desk.hurry(work.tenant, notified.message_id)
                return waiter.wait(self._delivery.first_attempt_wait.total_seconds())
        finally:
            self._patient.release()

    @contextmanager
    def _waiting_for(self, message_id: str) -> Iterator[_Waiter]:
        """Wait beside those who wait for the same message: the same request may have come twice."""
        with self._lock:
            waiter = self._waiters.setdefault(message_id, _Waiter())
            waiter.requests += 1
        try:
            yield waiter
        finally:
            with self._lock:
                waiter.requests -= 1
                if not waiter.requests:
                    del self._waiters[message_id]

    def _run(self, desk: "_Desk") -> None:
        while not self._stopping.is_set():
            desk.nudge.wait(POLL_SECONDS)
            desk.nudge.clear()
            try:
                while not self._stopping.is_set() and self._take(desk, everything=desk.is_time_for_all()):
                    pass
            except Exception:  # the courier outlives every fault of the database
                log.exception("the courier could not read the outbox")
                self._stopping.wait(POLL_SECONDS)

    def _take(self, desk: "_Desk", *, everything: bool = True) -> bool:
        """Lease what there is room for, and begin to send it; return whether there may be more.

        Without *everything* only what somebody is in a hurry for, if there is any such message.
        """
        room = desk.room()
        if not room:
            return False
        urgent = desk.take_urgent(room)

        def lease(work: Work) -> tuple[list[tuple[OutboxEntry, bool]], list[OutboxEntry]]:
            outbox, until = Outbox(work), work.now + LEASE
            taken = outbox.lease_these(urgent, until) if urgent else []
            missed = set(urgent) - {(entry.tenant, entry.id) for entry in taken}
            if len(taken) < room and (everything or not urgent):
                taken += outbox.lease_due(desk.channel, room - len(taken), until)
            done = [entry for tenant, message_id in missed if (entry := self._done_before(work, tenant, message_id))]
            work.commit()
            return [(entry, _is_dead(work, entry)) for entry in taken], done

        leased, done = self._works.do(SUPER_TENANT, lease)
        for entry, is_dead in leased:
            desk.submit(self._deliver, entry, is_dead)
        for entry in done:
            self._tell_again(entry)
        return room in {len(leased), len(urgent)}

    def _done_before(self, work: Work, tenant: str, message_id: str) -> OutboxEntry | None:
        """Return a message that somebody waits for although its first attempt is over: a request came again."""
        if message_id not in self._waiters:
            return None
        entry = Messages(work.within(tenant)).find(message_id)
        return None if entry is None or entry.state.is_open else entry

    def _tell_again(self, entry: OutboxEntry) -> None:
        waiter = self._waiters.get(entry.id)
        if waiter is not None and waiter.settle():
            waiter.tell(sent=entry.state in {MessageState.SENT, MessageState.DELIVERED})

    def _deliver(self, entry: OutboxEntry, is_dead: bool) -> None:  # noqa: FBT001  # what the desk passes on
        trace_id.set(entry.trace)
        try:
            outcome = None if is_dead else self._attempt(entry)
            self._ledger.write_down(_Ended(entry, outcome))
        except Exception:  # the message stays leased, and is taken up again when the lease ends
            log.exception("a message could not be settled", extra={"message_id": entry.id})

    def _attempt(self, entry: OutboxEntry) -> "Receipt | Refused | Unreachable":
        """Open a message and hand it over; one that cannot be opened holds up none that were leased with it."""
        try:
            message = open_message(Work(self._works.surroundings, entry.tenant, Origin()), entry)
        except SealBroken:
            return Refused("the stored message cannot be opened")
        sender = self._sender_of(entry)
        if sender is None:
            return Refused(NO_SENDER)
        self._works.surroundings.faults.reach("before_send")
        try:
            receipt = sender.send(message, self._delivery.attempt_timeout.total_seconds())
        except (Refused, Unreachable) as failure:
            return failure
        self._works.surroundings.faults.reach("after_2xx")
        return receipt

    def _sender_of(self, entry: OutboxEntry) -> Sender | None:
        route, routes, own = entry.route, self._routes, self._own
        if route is None and own is not None:
            found = self._works.do(entry.tenant, lambda work: own.sender(work, entry.channel), reading=True)
            return found or self._senders.of(entry.tenant, entry.channel)
        if route is None:
            return self._senders.of(entry.tenant, entry.channel)
        if routes is None:
            return None
        return self._works.do(entry.tenant, lambda work: routes.sender(work, route), reading=True)

    def _settle(self, ended: "Sequence[_Ended]") -> None:
        """Write down how some attempts ended, in one transaction, and tell those who wait."""
        told = {each.entry.id: waiter for each in ended
                if (waiter := self._waiters.get(each.entry.id)) is not None and waiter.settle()}  # fmt: skip
        states: dict[str, MessageState] = {}
        try:
            self._works.do(SUPER_TENANT, lambda work: states.update(self._mark(work, ended, told)))
        finally:
            for message_id, waiter in told.items():
                state = states.get(message_id)
                waiter.tell(sent=None if state is None else state is MessageState.SENT)

    def _mark(self, work: Work, ended: "Sequence[_Ended]", told: Container[str]) -> dict[str, MessageState]:
        """Store the states that some attempts lead to, and return them by message."""
        marked: list[tuple[_Ended, MessageState, bool, object]] = []
        for each in ended:
            state, values = _ending(work, each.entry, each.outcome, is_told=each.entry.id in told)
            if state is not MessageState.WAITING and work.settings.dev:
                values["sealed"] = _without_text(work, each.entry)
            values |= _said(work, each, is_told=each.entry.id in told)
            is_ours = Outbox(work).mark(each.entry, state, **values)
            marked.append((each, state, is_ours, values.get("reason")))
        work.commit()
        for each, state, is_ours, reason in marked:
            self.counts.add(each.entry.channel, state.value)
            trace_id.set(each.entry.trace)
            log.log(
                logging.INFO if state is MessageState.SENT else logging.WARNING,
                "message %s", state.value if is_ours else "overtaken",
                extra={"message_id": each.entry.id, "channel": each.entry.channel.value,
                       "template": each.entry.template, "attempt": each.entry.attempts, "reason": reason or "-"},
            )  # fmt: skip
        return {each.entry.id: state for each, state, _, _ in marked}

    def _tidy(self, sweep: Callable[[Work], None]) -> None:
        while not self._stopping.wait(60.0):
            try:
                self._works.do(SUPER_TENANT, sweep)
            except Exception:
                log.exception("the sweeper failed")


@dataclass(frozen=True, slots=True)
class _Ended:
    """An attempt that is over; without an outcome where the code had died before it."""

    entry: OutboxEntry
    outcome: Receipt | Refused | Unreachable | None


class _Ledger:
    """Writes down how attempts ended, on a thread of its own: those that end together go into one transaction.

    So the many threads that send need no connection to the database.
    """

    def __init__(self, settle: Callable[[Sequence[_Ended]], None]) -> None:
        self._settle = settle
        self._lock = threading.Lock()
        self._page: tuple[list[_Ended], Future[None]] | None = None
        self._pool = ThreadPoolExecutor(1, "ledger")

    def write_down(self, ended: _Ended) -> None:
        """Return when it is stored."""
        with self._lock:
            if self._page is None:
                self._page = [], self._pool.submit(self._turn_page)
            entries, written = self._page
            entries.append(ended)
        written.result()

    def close(self) -> None:
        """Let the thread end when everything is written down."""
        self._pool.shutdown(wait=False)

    def _turn_page(self) -> None:
        with self._lock:
            page, self._page = self._page, None
        if page is not None:
            self._settle(page[0])


@dataclass(slots=True)
class _Desk:
    """The sending threads of one channel."""

    channel: Channel
    size: int
    nudge: threading.Event = field(default_factory=threading.Event)
    _looked_at: float = float("-inf")
    _urgent: list[tuple[str, str]] = field(default_factory=list)
    _busy: set["Future[None]"] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.size, f"send-{self.channel.value}")

    def hurry(self, tenant: str, message_id: str) -> None:
        """Send a message before everything else."""
        with self._lock:
            if len(self._urgent) < MOST_URGENT:  # all of them are due; past this nobody can be first
                self._urgent.append((tenant, message_id))
        self.nudge.set()

    def is_time_for_all(self) -> bool:
        """Tell, about twice a second, that whatever is due should be looked for, hurried or not."""
        now = time.monotonic()
        if now - self._looked_at < POLL_SECONDS:
            return False
        self._looked_at = now
        return True

    def take_urgent(self, count: int) -> list[tuple[str, str]]:
        """Return the messages that somebody is in a hurry for, as many as there is room for."""
        with self._lock:
            taken, self._urgent = self._urgent[:count], self._urgent[count:]
            return taken

    def room(self) -> int:
        """Return how many messages more can be sent at once."""
        with self._lock:
            return self.size - len(self._busy)

    def submit(self, deliver: Callable[[OutboxEntry, bool], None], entry: OutboxEntry, is_dead: bool) -> None:  # noqa: FBT001  # handed on as it is
        """Send a message on a thread of its own."""
        job = self._pool.submit(deliver, entry, is_dead)
        with self._lock:
            self._busy.add(job)
        job.add_done_callback(self._finished)

    def close(self, seconds: float) -> None:
        """Wait for what is being sent, *seconds* at the most: what hangs then is sent again after its lease."""
        with self._lock:
            busy = list(self._busy)
        wait(busy, seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _finished(self, job: "Future[None]") -> None:
        with self._lock:
            was_full = len(self._busy) == self.size
            self._busy.discard(job)
        if was_full:
            self.nudge.set()


def _is_dead(work: Work, entry: OutboxEntry) -> bool:
    """Tell whether a message has nothing to say any more."""
    return entry.sealed is None or (entry.expires_at is not None and entry.expires_at <= work.now)


def _ending(
    work: Work, entry: OutboxEntry, outcome: "Receipt | Refused | Unreachable | None", *, is_told: bool
) -> tuple[MessageState, dict[str, object]]:
    """Return the state that an attempt leads to, and what is written beside it.

    Where somebody *is_told* of a failure the message ends with it, so that nothing arrives after "failed".
    """
    match outcome:
        case None:
            return MessageState.EXPIRED, {}
        case Receipt():
            return MessageState.SENT, {
                "sent_at": work.now,
                "provider": outcome.provider,
                "reference": outcome.reference,
                "reason": None,
            }
        case Refused():
            return MessageState.FAILED, {"reason": outcome.reason}
        case Unreachable():
            again_at = entry.next_try_at(work.now, outcome.retry_after)
            if is_told or again_at is None:
                return MessageState.FAILED, {"reason": outcome.reason}
            return MessageState.WAITING, {"reason": outcome.reason, "due_at": again_at, "sealed": entry.sealed}


def _said(work: Work, ended: _Ended, *, is_told: bool) -> dict[str, object]:
    """Return what is kept of a provider's answer, for whoever is told of the failure."""
    answered = None if isinstance(ended.outcome, Receipt | None) else ended.outcome.answered
    if answered is None:
        return {"reply_status": None, "reply": None}
    is_kept = is_told and ended.entry.route is not None
    sealed = seal_reply(work, ended.entry, answered) if is_kept else None
    return {"reply_status": answered.status, "reply": sealed}


def _without_text(work: Work, entry: OutboxEntry) -> bytes:
    """Return what a test server keeps of a message that is done: where it went, and the properties of the request."""
    rendered = unseal_message(work, entry)
    facts = {name: value for name, value in rendered.get("facts", {}).items() if name not in SECRET_FACTS}
    return seal_message(work.within(entry.tenant), entry.id, {"to": rendered.get("to", ""), "facts": facts})


SECRET_FACTS = frozenset({"confirmation-code", "OTPCode", "otpToken"})
