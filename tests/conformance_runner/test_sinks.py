import http.client
import json
import smtplib
from email.message import EmailMessage

import pytest

from watchword_testing.sinks import CaptchaSink, Delivery, Inbox, MailSink, Mode, SmsSink

SMS = {"to": "+15550100001", "content": "Your code is 991", "code": "991"}


def post(port: int, body: str, **headers: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
    try:
        connection.request("POST", "/", body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def send(port: int, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=0.5) as client:
        client.send_message(mail)


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "no-reply@watchword.test", "nadia@example.com", "<m1@watchword.test>"
    mail.set_content("Grüße: https://h/confirm.do?confirmation=c1&username=nadia\n")
    mail.add_alternative("<a href='https://h/confirm.do?confirmation=c1&amp;username=nadia'>x</a>", subtype="html")
    return mail


def test_a_short_message_is_kept_with_its_id_and_code() -> None:
    inbox = Inbox()
    with SmsSink(inbox) as sink:
        status, _ = post(sink.port, json.dumps(SMS), Idempotency_Key="m1")
    assert status == 200
    assert inbox.take() == [Delivery("SMS", "m1", "+15550100001", ("Your code is 991",), code="991")]
    assert inbox.take() == []


@pytest.mark.parametrize("body", ["", "[]", '{"to": "+1"}', "to=+1"])
def test_what_is_no_message_is_refused(body: str) -> None:
    inbox = Inbox()
    with SmsSink(inbox) as sink:
        assert post(sink.port, body)[0] == 400
    assert inbox.take() == []


def test_a_mail_is_kept_with_its_id_its_links_and_the_code_in_them() -> None:
    inbox = Inbox()
    with MailSink(inbox) as sink:
        send(sink.port, a_mail())
    [delivery] = inbox.take()
    assert (delivery.channel, delivery.message_id, delivery.to, delivery.code) == (
        "EMAIL",
        "m1",
        "nadia@example.com",
        "c1",
    )
    assert delivery.links == ("https://h/confirm.do?confirmation=c1&username=nadia",) * 2
    assert delivery.texts[0].startswith("Grüße")


def test_a_mail_without_a_link_has_no_code() -> None:
    inbox, mail = Inbox(), EmailMessage()
    mail["From"], mail["To"] = "a@watchword.test", "nadia@example.com"
    mail.set_content("Hello")
    with MailSink(inbox) as sink:
        send(sink.port, mail)
    assert inbox.take() == [Delivery("EMAIL", None, "nadia@example.com", ("Hello",))]


def test_an_sms_provider_refuses_hangs_is_gone_and_comes_back() -> None:
    inbox = Inbox()
    with SmsSink(inbox) as sink:
        sink.set_mode(Mode.FAIL)
        assert post(sink.port, json.dumps(SMS))[0] == 400
        sink.set_mode(Mode.HANG)
        with pytest.raises(TimeoutError):
            post(sink.port, json.dumps(SMS))
        sink.set_mode(Mode.DOWN)
        with pytest.raises(ConnectionRefusedError):
            post(sink.port, json.dumps(SMS))
        assert inbox.take() == []
        sink.set_mode(Mode.OK)
        assert post(sink.port, json.dumps(SMS))[0] == 200
    assert len(inbox.take()) == 1


def test_a_mail_provider_refuses_hangs_is_gone_and_comes_back() -> None:
    inbox = Inbox()
    with MailSink(inbox) as sink:
        sink.set_mode(Mode.FAIL)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
            send(sink.port, a_mail())
        sink.set_mode(Mode.HANG)
        with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
            send(sink.port, a_mail())
        sink.set_mode(Mode.DOWN)
        with pytest.raises(ConnectionRefusedError):
            send(sink.port, a_mail())
        assert inbox.take() == []
        sink.set_mode(Mode.OK)
        send(sink.port, a_mail())
    assert len(inbox.take()) == 1


@pytest.mark.parametrize(("answer", "success"), [("good", True), ("bad", False), ("", False)])
def test_one_answer_to_the_captcha_is_right(answer: str, success: object) -> None:
    with CaptchaSink() as sink:
        assert post(sink.port, f"secret=s&response={answer}") == (200, {"success": success})
