"""The providers that administrators describe in the fields of identity providers, as senders of single messages."""

from dataclasses import dataclass, field

from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import IdentityProvider
from watchword.applications.store import IdentityProviders
from watchword.login.parameters import SmsOtpParameters, read_parameters
from watchword.notification.model import UNUSABLE, Message, Receipt, Refused, Sender
from watchword.notification.provider_fields import ProviderFields
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.tokens import Tokens
from watchword.storage.work import Work

MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Unusable:
    """Stands for a provider that could never be called."""

    name: str

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Refuse every message."""
        raise Refused(UNUSABLE)


@dataclass(frozen=True, slots=True)
class ProviderRoutes:
    """Makes senders of identity providers, anew whenever one of them has changed."""

    fetcher: Fetcher
    _made: dict[tuple[str, str], tuple[int, Sender]] = field(default_factory=dict, init=False, repr=False)

    def sender(self, work: Work, route: str) -> Sender | None:
        """Return the sender that an identity provider describes; ``None`` once it is gone, or switched off."""
        provider = IdentityProviders(work).get(route)
        configured = provider.authenticator(SMS_OTP) if provider is not None else None
        if provider is None or configured is None or not (provider.enabled and configured.enabled):
            return None
        known = self._made.get((work.tenant, route))
        if known is not None and known[0] == provider.version:
            return known[1]
        sender = self._make(work, provider)
        if len(self._made) >= MOST_KEPT:
            self._made.clear()
        self._made[work.tenant, route] = provider.version, sender
        return sender

    def _make(self, work: Work, provider: IdentityProvider) -> Sender:
        parameters = read_parameters(work.settings, SMS_OTP, SmsOtpParameters)
        configured = provider.authenticator(SMS_OTP)
        properties = configured.properties if configured is not None else {}
        try:
            call = ProviderFields.read(properties, encoded=parameters.encoded).call(provider.name)
        except ValueError:
            return Unusable(provider.name)
        return HttpSender(call, self.fetcher, Tokens(self.fetcher))
