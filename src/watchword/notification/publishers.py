"""The event publishers of a folder, as they stand at the moment, and the sender that they make together."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from logging import getLogger
from pathlib import Path

from watchword.notification.documents import Complaint, Unreadable
from watchword.notification.event_map import event_map
from watchword.notification.filling import fill_raw, lookup_in
from watchword.notification.model import Channel, Message, Receipt, Refused, Unreachable
from watchword.notification.publisher import LogOnly, MailOut, Publisher, State, Surroundings, read_publisher
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.provider_call import ProviderCall
from watchword.notification.senders.smtp_sender import Mail, SmtpSender
from watchword.notification.senders.tokens import Tokens
from watchword.notification.watching import Watch

_log = getLogger(__name__)


@dataclass(slots=True)
class Publishers:
    """Every publisher of a folder, kept up to date while the server runs.

    Call refresh from a loop, at least every two seconds; everything else may be called from any thread. The files are
    read and never written.
    """

    folder: Path
    surroundings: Surroundings = field(default_factory=Surroundings)
    _by_file: Mapping[Path, Publisher] = field(default_factory=dict, init=False, repr=False)
    _broken: Mapping[Path, Complaint] = field(default_factory=dict, init=False, repr=False)
    _watch: Watch = field(default_factory=Watch, init=False, repr=False)

    def __post_init__(self) -> None:
        self._take(self._watch.settled(self._files(), 0.0, at_once=True))

    def refresh(self, now_monotonic: float) -> None:
        """Take over new, changed and deleted files; a broken one leaves what it said before in force (D-29)."""
        if not self._watch.is_due(now_monotonic):
            return
        files = self._files()
        for path in [path for path in (*self._by_file, *self._broken) if path not in files]:
            self._forget(path)
        self._take(self._watch.settled(files, now_monotonic))

    def all(self) -> list[Publisher]:
        """Return every publisher that was understood, by file."""
        return [publisher for _, publisher in sorted(self._by_file.items())]

    def active(self, channel: Channel) -> list[Publisher]:
        """Return those that deliver messages of a channel."""
        return [
            publisher
            for publisher in self.all()
            if publisher.state is State.ACTIVE
            and publisher.channel is channel
            and not isinstance(publisher.output, LogOnly)
        ]

    def problems(self) -> list[Complaint]:
        """Return what is wrong with the files, and what should be known of them."""
        remarks = [remark for publisher in self._by_file.values() for remark in publisher.remarks]
        return sorted([*self._broken.values(), *remarks])

    def _files(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == ".xml" and path.is_file())
        except OSError:
            return []

    def _take(self, changed: list[Path]) -> None:
        for path in changed:
            try:
                publisher = read_publisher(path, self.surroundings)
                self._refuse_second(path, publisher)
            except Unreadable as error:
                self._set_aside(path, Complaint(path.name, error.line, error.text))
            else:
                self._broken = {other: complaint for other, complaint in self._broken.items() if other != path}
                self._by_file = {**self._by_file, path: publisher}
                for remark in publisher.remarks:
                    _log.warning("event publisher: %s", remark)

    def _refuse_second(self, path: Path, publisher: Publisher) -> None:
        for other, known in self._by_file.items():
            if other != path and known.name == publisher.name:
                raise Unreadable(f"the name {publisher.name} is taken by {other.name}")

    def _set_aside(self, path: Path, complaint: Complaint) -> None:
        self._broken = {**self._broken, path: complaint}
        kept = "; what it said before stays in force" if path in self._by_file else ""
        _log.error("event publisher cannot be used: %s%s", complaint, kept)

    def _forget(self, path: Path) -> None:
        self._by_file = {other: publisher for other, publisher in self._by_file.items() if other != path}
        self._broken = {other: complaint for other, complaint in self._broken.items() if other != path}


@dataclass(frozen=True, slots=True)
class PublisherSender:
    """Hands a message to every active publisher of its channel; the first by file name decides, the others get copies.

    *mail* carries what publishers send by mail; without it they cannot.
    """

    publishers: Publishers
    channel: Channel
    fetcher: Fetcher
    tokens: Tokens
    mail: SmtpSender | None = None

    @property
    def name(self) -> str:
        """The name of the publisher that decides."""
        return next((publisher.name for publisher in self._usable()), "event publishers")

    @property
    def is_ready(self) -> bool:
        """Tell whether there is a publisher at all."""
        return bool(self._usable())

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Hand a message over.

        Raises:
            Refused: there is no publisher, or it will never take the message.
            Unreachable: it may take it later.
        """
        usable = self._usable()
        if not usable:
            raise Refused(f"no event publisher sends messages of the channel {self.channel}")
        facts = event_map(message)
        ends = time.monotonic() + deadline_seconds
        receipt = self._send(usable[0], message, facts, ends)
        for copy in usable[1:]:
            try:
                self._send(copy, message, facts, ends)
            except (Refused, Unreachable) as failed:
                _log.warning(
                    "a further event publisher failed", extra={"publisher": copy.name, "reason": failed.reason}
                )
        return receipt

    def _usable(self) -> list[Publisher]:
        active = self.publishers.active(self.channel)
        return [publisher for publisher in active if self.mail is not None or not isinstance(publisher.output, MailOut)]

    def _send(self, publisher: Publisher, message: Message, facts: Mapping[str, str], ends: float) -> Receipt:
        match publisher.output:
            case ProviderCall() as call:
                return HttpSender(call, self.fetcher, self.tokens).send_facts(facts, ends - time.monotonic())
            case MailOut() as out if self.mail is not None:
                return self._send_mail(self.mail, out, message, facts, ends)
            case _:
                raise Refused(f"{publisher.name} delivers nothing")

    def _send_mail(
        self, mail: SmtpSender, out: MailOut, message: Message, facts: Mapping[str, str], ends: float
    ) -> Receipt:
        look_up = lookup_in(facts)
        addresses = [part.strip() for part in fill_raw(out.address, look_up).split(",") if part.strip()]
        if not addresses:
            raise Refused("the mail has no address")
        subject, text = fill_raw(out.subject, look_up), fill_raw(out.text, look_up)
        content_type = fill_raw(out.content_type, look_up)
        receipts = [
            mail.send_mail(
                Mail(message.id, address, subject, text, content_type, message.created_at), ends - time.monotonic()
            )
            for address in addresses
        ]
        return receipts[0]
