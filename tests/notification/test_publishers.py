"""Event publishers: what their files mean, and how they change while the server runs."""

import logging
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.notification.gateway import Gateway, reply, sms
from watchword.notification.documents import Unreadable
from watchword.notification.model import Channel, Refused
from watchword.notification.publisher import Publisher, State, Surroundings, read_publisher
from watchword.notification.publishers import Publishers, PublisherSender
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.provider_call import ProviderCall
from watchword.notification.senders.tokens import Tokens

Write = Callable[..., Path]

_FILE = """<?xml version="1.0" encoding="UTF-8"?>
<eventPublisher xmlns="http://wso2.org/carbon/eventpublisher"
                name="{name}" processing="{processing}" statistics="disable" trace="disable">
  <from streamName="{stream}" version="1.0.0"/>
  <mapping customMapping="enable" type="{type}">
    <inline>{inline}</inline>
  </mapping>
  <to eventAdapterType="{adapter}">
    <property name="http.client.method">httpPost</property>
    <property name="http.url">{url}</property>
    {properties}
  </to>
</eventPublisher>
"""
_DEFAULTS = {
    "name": "SMSPublisher",
    "processing": "enable",
    "stream": "id_gov_sms_notify_stream",
    "type": "json",
    "inline": '{"to": {{send-to}}, "content": {{body}}}',
    "adapter": "http",
    "url": "https://sms.example.test/send",
    "properties": "",
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(file: str = "SMSPublisher.xml", **values: str) -> Path:
        path = tmp_path / file
        path.write_text(_FILE.format(**{**_DEFAULTS, **values}), encoding="utf-8")
        return path

    return write


def _read(path: Path, *, form_mode: bool = False) -> Publisher:
    return read_publisher(path, Surroundings(trusted=True, form_mode=form_mode))


def _body(publisher: Publisher, **facts: str) -> str:
    assert isinstance(publisher.output, ProviderCall)
    return publisher.output.request({"send-to": "+94711111111", "body": 'say "hi"', **facts}).body.decode()


def test_values_are_json_whether_the_blank_stands_in_quotes_or_not(write: Write) -> None:
    inline = '{"to": "{{send-to}}", "content": {{body}}, "x": {{no-such-key}}, "y": "{{no-such-key}}"}'
    written = _body(_read(write(inline=inline)))
    assert written == '{"to": "+94711111111", "content": "say \\"hi\\"", "x": null, "y": ""}'


def test_equal_signs_are_repaired_and_the_operator_is_told_once(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    inline = '{"api_key"="K=1","api_secret"="S","from"="N","to"={{mobile}},"text"={{body}}}'
    path = write(inline=inline)
    publishers = Publishers(path.parent)
    written = _body(publishers.all()[0], mobile="+94711111111")
    assert written == '{"api_key":"K=1","api_secret":"S","from":"N","to":"+94711111111","text":"say \\"hi\\""}'
    publishers.refresh(10.0)
    publishers.refresh(20.0)
    assert [record.getMessage().count("repaired") for record in caplog.records].count(1) == 1
    assert "repaired" in str(publishers.problems()[0])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"inline": '{"to": }'}, 6),
        ({"url": ""}, 8),
        ({"url": "https://user:pw@sms.test/"}, 8),
        ({"url": "https://{{user-name}}.test/"}, 8),
        ({"url": "https://gw-{{user-name}}x.test/"}, 8),
        ({"url": "ftp://sms.test/"}, 8),
        ({"name": ""}, 2),
        ({"type": "wso2event"}, 5),
        ({"type": "xml", "inline": "<m>"}, 6),
        ({"properties": '<property name="http.password" encrypted="true">abc</property>'}, 11),
        ({"properties": '<property name="http.headers">no colon</property>'}, 8),
    ],
)
def test_what_is_wrong_is_told_with_its_line(write: Write, changes: dict[str, str], line: int) -> None:
    with pytest.raises(Unreadable) as unreadable:
        _read(write(**changes))
    assert unreadable.value.line == line


_TRICKS = tomllib.loads(Path("tests/vectors/xml_documents.toml").read_text(encoding="utf-8"))["xml_documents"]


@pytest.mark.parametrize("document", _TRICKS)
def test_a_trick_document_is_no_publisher(tmp_path: Path, document: str) -> None:
    path = tmp_path / "SMSPublisher.xml"
    path.write_text(document, encoding="utf-8")
    with pytest.raises(Unreadable) as unreadable:
        _read(path)
    assert "root:" not in unreadable.value.text


@pytest.mark.parametrize("document", _TRICKS[:4])
def test_a_document_type_is_refused_as_such(tmp_path: Path, document: str) -> None:
    path = tmp_path / "SMSPublisher.xml"
    path.write_text(document, encoding="utf-8")
    with pytest.raises(Unreadable, match="DOCTYPE not allowed"):
        _read(path)


@pytest.mark.parametrize(
    "inside", ['<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>', "<?php x ?>"]
)
def test_a_publisher_includes_nothing(write: Write, inside: str) -> None:
    with pytest.raises(Unreadable, match="not allowed"):
        _read(write(type="xml", inline=f"<m>{inside}</m>"))


@pytest.mark.parametrize("encoding", ["utf-7", "utf-16", "utf-16-be", "utf-32"])
def test_a_file_in_a_strange_encoding_is_refused(write: Write, encoding: str) -> None:
    path = write()
    path.write_bytes(path.read_text(encoding="utf-8").replace("UTF-8", encoding).encode(encoding))
    with pytest.raises(Unreadable):
        _read(path)


def test_headers_and_basic_authentication_of_the_adapter(write: Write) -> None:
    properties = """<property name="http.headers">X-A: 1,Content-Type: application/x-acme</property>
        <property name="http.username">u</property><property name="http.password">p</property>"""
    publisher = _read(write(properties=properties))
    assert isinstance(publisher.output, ProviderCall)
    headers = dict(publisher.output.request({"message-id": "m-1"}).headers)
    assert headers["X-A"] == "1"
    assert headers["Authorization"] == "Basic dTpw"
    assert headers["Content-Type"] == "application/x-acme"
    assert "hunter2" not in repr(_read(write(properties=properties.replace(">p<", ">hunter2<"))))


def test_a_text_mapping_is_plain_or_in_form_mode_a_form(write: Write) -> None:
    path = write(type="text", inline="Body={{body}},To={{send-to}},From=+1500")
    assert _body(_read(path)) == 'Body=say "hi",To=+94711111111,From=+1500'
    assert _body(_read(path, form_mode=True)) == "Body=say+%22hi%22&To=%2B94711111111&From=%2B1500"
    path = write(type="text", inline="From=A B&amp;To={{send-to}}&amp;Body=code: {{body}}")
    assert _body(_read(path, form_mode=True)) == "From=A+B&To=%2B94711111111&Body=code%3A+say+%22hi%22"


def test_an_xml_mapping_is_escaped(write: Write) -> None:
    path = write(type="xml", inline="<m><to>{{send-to}}</to><t a='x'>{{body}}</t></m>")
    assert _body(_read(path), body="<&>") == '<m><to>+94711111111</to><t a="x">&lt;&amp;&gt;</t></m>'


def test_context_tokens_are_the_same_blanks(write: Write) -> None:
    path = write(url="https://sms.example.test/$ctx.otp", inline='{"to": "$ctx.num", "text": "$ctx.msg"}')
    publisher = _read(path)
    assert isinstance(publisher.output, ProviderCall)
    request = publisher.output.request({"send-to": "+94", "body": "$ctx.otp", "otpToken": "12/3"})
    assert request.url == "https://sms.example.test/12%2F3"
    assert request.body == b'{"to": "+94", "text": "$ctx.otp"}'


def test_vonage_gets_digits_and_its_refusals_inside_a_200_are_seen(write: Write) -> None:
    path = write(url="https://rest.nexmo.com/sms/json", inline='{"to": {{send-to}}, "text": {{body}}}')
    publisher = _read(path)
    assert isinstance(publisher.output, ProviderCall)
    assert '"to": "94711111111"' in _body(publisher)
    assert publisher.output.reply.accepted is not None


def test_states_of_a_publisher(write: Write) -> None:
    assert _read(write()).state is State.ACTIVE
    assert _read(write(processing="disable")).state is State.DISABLED
    assert _read(write(adapter="pigeon")).state is State.WAITING_FOR_DEPENDENCY
    assert _read(write(stream="some_stream")).state is State.WAITING_FOR_STREAM


def test_a_logger_delivers_nothing(write: Write) -> None:
    publishers = Publishers(write(adapter="logger").parent)
    assert publishers.all()[0].state is State.ACTIVE
    assert publishers.active(Channel.SMS) == []


def test_a_changed_file_takes_effect_when_it_has_settled(write: Write) -> None:
    publishers = Publishers(write().parent)
    write(url="https://sms.example.test/hook2")
    publishers.refresh(100.0)
    assert "hook2" not in _url(publishers)
    publishers.refresh(101.5)
    assert "hook2" in _url(publishers)


def test_a_file_that_is_still_being_written_is_left_alone(write: Write) -> None:
    publishers = Publishers(write().parent)
    for at in range(5):
        write(url=f"https://sms.example.test/hook{'2' * (at + 1)}")
        publishers.refresh(100.0 + at * 0.9)
    assert "hook" not in _url(publishers)


def test_a_broken_file_leaves_what_it_said_before(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write()
    publishers = Publishers(path.parent)
    path.write_text("<eventPublisher", encoding="utf-8")
    for now in (100.0, 101.5, 103.0, 105.0):
        publishers.refresh(now)
    assert "send" in _url(publishers)
    assert [problem.line for problem in publishers.problems()] == [1]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    write(url="https://sms.example.test/mended")
    publishers.refresh(110.0)
    publishers.refresh(112.0)
    assert "mended" in _url(publishers)
    assert publishers.problems() == []


def test_a_deleted_file_is_gone_at_once(write: Write) -> None:
    path = write()
    publishers = Publishers(path.parent)
    path.unlink()
    publishers.refresh(100.0)
    assert publishers.all() == []


def test_a_second_file_of_the_same_name_is_refused(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    path = write()
    write("Z.xml")
    publishers = Publishers(path.parent)
    assert [publisher.file for publisher in publishers.all()] == ["SMSPublisher.xml"]
    assert "SMSPublisher" in caplog.text


def test_files_are_never_rewritten(write: Write) -> None:
    path = write(properties='<property name="http.password">secret</property>')
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    publishers = Publishers(path.parent)
    publishers.refresh(100.0)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert "secret" not in repr(publishers)


def test_every_active_publisher_gets_the_message_and_the_first_decides(
    write: Write, fetcher: Fetcher, gateway: Gateway
) -> None:
    gateway.answers = [reply(200), reply(400)]
    write("A.xml", name="A", url=gateway.url + "/a")
    path = write("B.xml", name="B", url=gateway.url + "/b")
    sender = PublisherSender(Publishers(path.parent), Channel.SMS, fetcher, Tokens(fetcher))
    assert sender.send(sms(), 5.0).provider == "A"
    assert [asked.path for asked in gateway.asked] == ["/a", "/b"]


def test_without_a_publisher_nothing_is_pretended(tmp_path: Path, fetcher: Fetcher) -> None:
    sender = PublisherSender(Publishers(tmp_path / "absent"), Channel.SMS, fetcher, Tokens(fetcher))
    assert not sender.is_ready
    with pytest.raises(Refused):
        sender.send(sms(), 5.0)


def _url(publishers: Publishers) -> str:
    (publisher,) = publishers.all()
    assert isinstance(publisher.output, ProviderCall)
    return publisher.output.request({}).url
