"""The senders that the operator's settings and files make, and the loop's view of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from watchword.base.settings import Settings
from watchword.notification.documents import Complaint
from watchword.notification.model import Channel, Sender
from watchword.notification.publisher import State, Surroundings
from watchword.notification.publishers import Publishers, PublisherSender
from watchword.notification.recipe import RecipeInvalid, provider_from_settings
from watchword.notification.senders.addresses import Forbidden, OutgoingRules, Target, read_origin, read_url
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.provider_call import ClientCredential, ProviderCall
from watchword.notification.senders.smtp_sender import MailServer, SmtpSender
from watchword.notification.senders.tokens import Tokens


@dataclass(frozen=True, slots=True)
class ConfiguredSenders:
    """Who sends: for SMS the provider of the settings, else the publishers; for mail a publisher, else the mail server.

    Call refresh from a loop, at least every two seconds.
    """

    fetcher: Fetcher
    sms: HttpSender | None = None
    mail: SmtpSender | None = None
    publishers: Publishers | None = None
    _published: dict[Channel, PublisherSender] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.publishers is not None:
            tokens = Tokens(self.fetcher)
            for channel in Channel:
                self._published[channel] = PublisherSender(self.publishers, channel, self.fetcher, tokens, self.mail)

    @classmethod
    def of_settings(cls, settings: Settings, fetcher: Fetcher | None = None) -> "ConfiguredSenders":
        """Return the senders of a server.

        Raises:
            Forbidden: an address under ``[watchword.outgoing] allow`` is none.
            RecipeInvalid: ``[watchword.sms.provider]`` cannot be used; the text says why.
        """
        fetcher = fetcher or Fetcher(outgoing_rules(settings))
        # What stands in the operator's own files counts as listed where WSO2 would have called it (decisions 5.4).
        trusted = settings.security_profile == "wso2"
        folder = settings.publishers_folder
        surroundings = Surroundings(trusted=trusted, form_mode=settings.http_form_url_encoded)
        call = provider_from_settings(settings.sms.provider, trusted=trusted) if settings.sms.provider else None
        server = mail_server(settings)
        return cls(
            fetcher,
            sms=HttpSender(call, fetcher, Tokens(fetcher)) if call else None,
            mail=SmtpSender(server, fetcher) if server else None,
            publishers=Publishers(folder, surroundings) if folder else None,
        )

    def of(self, tenant: str, channel: Channel) -> Sender | None:
        """Return the sender of a tenant's channel, or None while there is none."""
        own: Sender | None = self.sms if channel is Channel.SMS else None
        published = self._published.get(channel)
        ready = published if published is not None and published.is_ready else None
        return own or ready or (self.mail if channel is Channel.EMAIL else None)

    def refresh(self, now_monotonic: float) -> None:
        """Take over what has changed in the files."""
        if self.publishers is not None:
            self.publishers.refresh(now_monotonic)

    def problems(self) -> list[Complaint]:
        """Return what is wrong with the publishers' files, for ``watchword check``."""
        return [] if self.publishers is None else self.publishers.problems()

    def relaxations(self) -> Iterator[str]:
        """Yield a start-up line for each origin that is called only because the operator's own file names it."""
        for call, target in self._targets():
            if self._refusal(target, trusted=False) and not self._refusal(target, trusted=call.trusted):
                yield (
                    f"{call.name} calls {_written(target)}, which is allowed because a file of the operator names it;"
                    " list it under [watchword.outgoing] allow to be rid of this line"
                )

    def refusals(self) -> Iterator[str]:
        """Yield what a sender would never be let call, and what to write so that it may; for ``watchword check``."""
        for call, target in self._targets():
            if refused := self._refusal(target, trusted=call.trusted):
                origin, hopeless = _written(target), self._refusal(target, trusted=True)
                why = hopeless or f'{refused.partition(";")[0]}; write allow = ["{origin}"] under [watchword.outgoing]'
                yield f"{call.name} may not call {origin}: {why}"

    def gaps(self) -> Iterator[str]:
        """Yield a start-up line for each channel by which only a tenant's own objects could send."""
        missing = {
            Channel.SMS: "there is neither [watchword.sms.provider] nor an active event publisher for SMS",
            Channel.EMAIL: "there is neither [output_adapter.email] nor an active event publisher that sends mail",
        }
        for channel, why in missing.items():
            if self.of("", channel) is None:
                others = "an identity provider with sms_url or a sender" if channel is Channel.SMS else "a sender"
                yield (
                    f"codes by {channel} cannot be sent, unless a tenant has {others} of its own: {why};"
                    " see docs/how-to/connect-a-provider.md"
                )

    def _targets(self) -> Iterator[tuple[ProviderCall, Target]]:
        """Yield the places that the provider of the settings and the active publishers call."""
        published = self.publishers.all() if self.publishers is not None else []
        outputs = [publisher.output for publisher in published if publisher.state is State.ACTIVE]
        calls = [each for each in outputs if isinstance(each, ProviderCall)]
        for call in [*calls, *([self.sms.call] if self.sms is not None else [])]:
            yield call, read_url(call.request({}).url)
            if isinstance(call.authentication, ClientCredential):
                yield call, read_url(call.authentication.token_url)

    def _refusal(self, target: Target, *, trusted: bool) -> str | None:
        try:
            self.fetcher.rules.check(target, trusted=trusted)
        except Forbidden as refused:
            return str(refused)
        return None

    def close(self) -> None:
        """Close every connection."""
        self.fetcher.close()


def _written(target: Target) -> str:
    """Return an origin as the operator lists it."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.scheme}://{host}:{target.port}"


def outgoing_rules(settings: Settings) -> OutgoingRules:
    """Return what the settings allow; development and the demo stay on this machine.

    Raises:
        Forbidden: an address that is to be allowed is none.
    """
    return OutgoingRules(
        listed=frozenset(map(read_origin, settings.outgoing.allow)),
        private_allowed=settings.outgoing.allow_private,
        loopback_only=settings.dev or settings.demo,
    )


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server of ``[output_adapter.email]``, or None without one."""
    email = settings.email
    if email is None or not email.hostname:
        return None
    return MailServer(
        hostname=email.hostname,
        from_address=email.from_address,
        port=email.port,
        username=email.username,
        password=email.password,
        authentication=email.authentication,
        start_tls=email.start_tls,
        signature=email.signature,
        reply_to=email.reply_to,
    )


def settings_problems(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the settings of senders, in words for the operator."""
    for origin in settings.outgoing.allow:
        try:
            read_origin(origin)
        except Forbidden as refused:
            yield f"watchword.outgoing.allow: {origin!r}: {refused}"
    if settings.sms.provider:
        try:
            provider_from_settings(settings.sms.provider, trusted=settings.security_profile == "wso2")
        except RecipeInvalid as refused:
            yield f"watchword.sms.provider: {refused}"
