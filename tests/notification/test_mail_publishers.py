"""Publishers that send by mail, as the shipped EmailPublisher.xml does."""

from pathlib import Path

from tests.notification.gateway import message
from watchword.notification.model import Channel
from watchword.notification.publishers import Publishers, PublisherSender
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.smtp_sender import MailServer, SmtpSender
from watchword.notification.senders.tokens import Tokens
from watchword_testing.sinks import Inbox, MailSink

_FILE = """<eventPublisher xmlns="http://wso2.org/carbon/eventpublisher" name="{name}" processing="enable">
  <from streamName="{stream}" version="1.0.0"/>
  <mapping customMapping="enable" type="text"><inline>{inline}</inline></mapping>
  <to eventAdapterType="email"><property name="email.address">{address}</property>
    <property name="email.type">{type}</property><property name="email.subject">{{{{subject}}}}</property></to>
</eventPublisher>
"""


def _sender(folder: Path, channel: Channel, fetcher: Fetcher, port: int) -> PublisherSender:
    server = MailServer("127.0.0.1", "noreply@id.example", port, start_tls=False, authentication=False)
    return PublisherSender(Publishers(folder), channel, fetcher, Tokens(fetcher), SmtpSender(server, fetcher))


def test_the_shipped_publisher_sends_body_and_footer(tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "EmailPublisher.xml").write_text(
        _FILE.format(
            name="EmailPublisher",
            stream="id_gov_notify_stream",
            inline="{{body}}{{footer}}",
            address="{{send-to}}",
            type="{{content-type}}",
        ),
        encoding="utf-8",
    )
    mail = message(
        Channel.EMAIL, "kim@example.com", "<p>Hi</p>", {}, subject="S", footer="--", content_type="text/html"
    )
    inbox = Inbox()
    with MailSink(inbox) as sink:
        receipt = _sender(tmp_path, Channel.EMAIL, fetcher, sink.port).send(mail, 5.0)
    (delivery,) = inbox.take()
    assert (delivery.to, delivery.message_id, delivery.texts) == ("kim@example.com", "m-1", ("<p>Hi</p>--",))
    assert receipt.reference == "<m-1@id.example>"


def test_an_sms_can_go_through_a_gateway_that_takes_mail(tmp_path: Path, fetcher: Fetcher) -> None:
    (tmp_path / "SMSPublisher.xml").write_text(
        _FILE.format(
            name="SMSPublisher",
            stream="id_gov_sms_notify_stream",
            inline="{{body}}",
            address="{{send-to}}@sms.example, copy@sms.example",
            type="text/plain",
        ),
        encoding="utf-8",
    )
    inbox = Inbox()
    with MailSink(inbox) as sink:
        sms = message(Channel.SMS, "94711111111", "Your code is 123456.", {})
        _sender(tmp_path, Channel.SMS, fetcher, sink.port).send(sms, 5.0)
    assert [delivery.to for delivery in inbox.take()] == ["94711111111@sms.example", "copy@sms.example"]
