"""What a message says of the server itself is the server's word."""

from pathlib import Path

from watchword.base.settings import Settings
from watchword.installation import open_installation
from watchword.notification.configured import ConfiguredSenders
from watchword.notification.model import Channel
from watchword.notification.outbox import Notice, open_message
from watchword.notification.senders.addresses import OutgoingRules
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.smtp_sender import MailServer, SmtpSender
from watchword.notification.store import Messages
from watchword.storage.work import Work


def test_a_property_of_a_request_cannot_lead_the_link_of_a_mail_elsewhere(tmp_path: Path) -> None:
    settings = Settings(home=None, data=tmp_path, public_url="https://id.example")
    facts = {"account.recovery.endpoint-url": "https://evil.example", "confirmation-code": "c-1", "user-name": "kim"}

    def leave(work: Work) -> str:
        notice = Notice("accountconfirmation", Channel.EMAIL, "kim@example.com", facts)
        entry = Messages(work).find(installation.notifier.notify(work, notice).message_id)
        assert entry is not None
        return open_message(work, entry).body

    with Fetcher(OutgoingRules()) as fetcher:
        senders = ConfiguredSenders(fetcher, mail=SmtpSender(MailServer("mail.example.test", "a@b.example"), fetcher))
        with open_installation(settings, create=True, senders=senders, environment={}) as installation:
            body = installation.works.do("carbon.super", leave)
    assert "evil.example" not in body
    assert "https://id.example/accountrecoveryendpoint/confirmregistration.do?confirmation=c-1" in body
