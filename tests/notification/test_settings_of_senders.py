"""What an operator writes to name a provider, and which sender comes of it."""

from pathlib import Path
from types import MappingProxyType

import pytest

from tests.notification.gateway import Gateway, reply, sms
from watchword.base.settings import Email, Outgoing, Settings, Sms
from watchword.notification.configured import ConfiguredSenders, settings_problems
from watchword.notification.curl import read_curl
from watchword.notification.model import Channel, Message, Refused
from watchword.notification.recipe import RecipeInvalid, provider_from_settings
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.http_sender import HttpSender
from watchword.notification.senders.provider_call import ProviderCall
from watchword.notification.senders.tokens import Tokens

_TWILIO = {"recipe": "twilio", "settings": {"account": "AC1", "token": "t", "from": "+1500"}}


def _body(call: ProviderCall, message: Message | None = None) -> str:
    message = message or sms()
    return call.request({"send-to": message.to, "body": message.body, "message-id": "m-1"}).body.decode()


def test_a_recipe_is_named_with_its_settings() -> None:
    assert _body(provider_from_settings(_TWILIO)) == "To=%2B94711111111&From=%2B1500&Body=Your+code+is+123456."


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"recipe": "twillio", "settings": {}}, "there is no recipe 'twillio'; there are africas-talking"),
        ({"recipe": "twilio", "settings": {"account": "a"}}, "Twilio needs the settings token, from"),
        ({"recipe": "twilio", "settings": {**_TWILIO["settings"], "x": 1}}, "knows no setting x"),  # type: ignore[dict-item]  # a table as TOML gives it
        ({"recipe": "twilio", "settings": {"account": ["a"], "token": "t", "from": "f"}}, "must be a text"),
        ({"curl": """curl https://a.test/ --json '["{{to}}", "{{text}}"]'"""}, "must be an object"),
        ({"curl": "curl 'https://a.test/?{{to}}{{text}}"}, "quotation"),
        ({"recipe": "twilio", "settings": 1}, "settings must be a table"),
        ({**_TWILIO, "number": "digits"}, 'number can stand only beside recipe = "custom"'),
        ({"recipe": "custom"}, "request"),
        ({"recipe": "custom", "request": {"url": "ftp://a.test/"}}, "only http and https"),
        ({"recipe": "custom", "request": {"url": "https://a.test/{{nobody}}"}}, "{{nobody}} is neither a setting"),
        ({"recipe": "custom", "request": {"url": "https://a{{to}}.test/"}}, "may not choose who receives it"),
        ({"recipe": "custom", "request": {"url": "https://a.test/", "method": "DELETE"}}, "GET, POST or PUT"),
        ({"recipe": "custom", "request": {"url": "https://a.test/"}, "reply": {"accepted": "status"}}, "is not a rule"),
        ({"curl": "wget https://a.test/?{{to}}{{text}}"}, 'begin with "curl"'),
        ({"curl": "curl https://a.test/?{{text}}"}, "put {{to}} into the command"),
        ({"curl": "curl -F x=1 https://a.test/?{{to}}{{text}}"}, "-F is not understood"),
        ({"curl": "curl -d @file https://a.test/?{{to}}{{text}}"}, "reads a file"),
    ],
)
def test_a_mistake_is_told_in_plain_words(table: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeInvalid) as invalid:
        provider_from_settings(table)
    assert said in str(invalid.value)


def test_a_recipe_of_ones_own_stands_in_the_settings(gateway: Gateway, fetcher: Fetcher) -> None:
    table = {
        "recipe": "custom",
        "settings": {"key": 'k"1'},
        "number": "digits",
        "request": {
            "url": gateway.url + "/send",
            "headers": {"X-Key": "{{key}}"},
            "json": {"to": "{{to}}", "sms": {"text": "{{text}}"}},
        },
        "reply": {"success": [200], "accepted": "text:OK"},
    }
    gateway.answers = [reply(200, "OK:1")]
    HttpSender(provider_from_settings(table), fetcher, Tokens(fetcher)).send(sms(), 5.0)
    assert gateway.asked[0].json == {"to": "94711111111", "sms": {"text": "Your code is 123456."}}
    assert gateway.asked[0].headers["x-key"] == 'k"1'


def test_a_pasted_command_becomes_the_same_request(gateway: Gateway, fetcher: Fetcher) -> None:
    line = f"""curl -X POST '{gateway.url}/v1/send' \\
      -u user:pass --header "Content-Type: application/json" \\
      --data-raw '{{"to": "{{{{to}}}}", "text": "{{{{text}}}}"}}'"""
    HttpSender(provider_from_settings({"curl": line}), fetcher, Tokens(fetcher)).send(sms(body='say "hi"'), 5.0)
    (asked,) = gateway.asked
    assert asked.json == {"to": "+94711111111", "text": 'say "hi"'}
    assert asked.headers["authorization"] == "Basic dXNlcjpwYXNz"


def test_a_pasted_form_and_a_pasted_query_are_encoded() -> None:
    form = provider_from_settings(
        {"curl": "curl https://a.test/ -d 'To={{to}}' -d Body={{text}} --data-urlencode 'From=A B'"}
    )
    assert _body(form) == "To=%2B94711111111&Body=Your+code+is+123456.&From=A+B"
    query = read_curl("curl -G https://a.test/send -d to={{to}} -d text={{text}}")
    assert query["url"] == "https://a.test/send?to={{to}}&text={{text}}"
    assert query["method"] == "GET"


def _home(tmp_path: Path, url: str) -> Path:
    folder = tmp_path / "repository" / "deployment" / "server" / "eventpublishers"
    folder.mkdir(parents=True)
    (folder / "SMSPublisher.xml").write_text(
        f"""<eventPublisher xmlns="http://wso2.org/carbon/eventpublisher" name="SMSPublisher">
        <from streamName="id_gov_sms_notify_stream" version="1.0.0"/>
        <mapping type="json"><inline>{{"to": {{{{send-to}}}}, "code": {{{{confirmation-code}}}}}}</inline></mapping>
        <to eventAdapterType="http"><property name="http.url">{url}/hook</property></to></eventPublisher>""",
        encoding="utf-8",
    )
    return tmp_path


def _settings(home: Path | None, profile: str = "wso2", **others: object) -> Settings:
    return Settings(home=home, data=Path("unused"), security_profile=profile, **others)  # type: ignore[arg-type]  # as a test gives them


def test_a_publisher_of_the_home_sends_where_the_operator_says(tmp_path: Path, gateway: Gateway) -> None:
    senders = ConfiguredSenders.of_settings(_settings(_home(tmp_path, gateway.url)))
    sender = senders.of("carbon.super", Channel.SMS)
    assert sender is not None
    assert sender.send(sms(), 5.0).provider == "SMSPublisher"
    assert gateway.asked[0].json == {"to": "+94711111111", "code": "123456"}
    senders.close()


def test_without_the_compatibility_profile_a_private_url_must_be_listed(tmp_path: Path, gateway: Gateway) -> None:
    home = _home(tmp_path, gateway.url)
    senders = ConfiguredSenders.of_settings(_settings(home, "recommended"))
    sender = senders.of("carbon.super", Channel.SMS)
    assert sender is not None
    with pytest.raises(Refused, match="allow"):
        sender.send(sms(), 5.0)
    assert not gateway.asked
    senders.close()
    listing = ConfiguredSenders.of_settings(_settings(home, "recommended", outgoing=Outgoing(allow=(gateway.url,))))
    sender = listing.of("carbon.super", Channel.SMS)
    assert sender is not None
    sender.send(sms(), 5.0)
    assert len(gateway.asked) == 1
    listing.close()


def test_what_only_the_compatibility_profile_calls_is_told_at_the_start(tmp_path: Path) -> None:
    home = _home(tmp_path, "http://10.0.0.5:8080")
    relaxed, strict = (ConfiguredSenders.of_settings(_settings(home, profile)) for profile in ("wso2", "recommended"))
    [told] = relaxed.relaxations()
    assert told.startswith("SMSPublisher calls http://10.0.0.5:8080, which is allowed because")
    assert list(strict.relaxations()) == list(relaxed.refusals()) == []
    [refused] = strict.refusals()
    assert 'allow = ["http://10.0.0.5:8080"]' in refused
    relaxed.close()
    strict.close()


def test_a_provider_of_the_settings_comes_before_publishers(tmp_path: Path, gateway: Gateway) -> None:
    settings = _settings(_home(tmp_path, gateway.url), sms=Sms(provider=MappingProxyType(_TWILIO)))
    senders = ConfiguredSenders.of_settings(settings)
    sender = senders.of("carbon.super", Channel.SMS)
    assert sender is not None
    assert sender.name == "twilio"
    senders.close()


def test_without_anything_there_is_no_sender() -> None:
    senders = ConfiguredSenders.of_settings(_settings(None))
    assert senders.of("carbon.super", Channel.SMS) is None
    assert senders.of("carbon.super", Channel.EMAIL) is None
    senders.close()
    with_mail = ConfiguredSenders.of_settings(
        _settings(None, email=Email(hostname="mail.example.test", from_address="a@b.example"))
    )
    sender = with_mail.of("carbon.super", Channel.EMAIL)
    assert sender is not None
    assert sender.name == "SMTP"
    with_mail.close()


def test_mistakes_in_the_settings_are_all_told_at_once() -> None:
    settings = _settings(
        None, outgoing=Outgoing(allow=("10.0.0.1", "http://10.0.0.1/x")), sms=Sms(provider={"recipe": "x"})
    )
    assert len(list(settings_problems(settings))) == 3
