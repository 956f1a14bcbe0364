"""Texts of messages: which one is found, and how it is filled."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.notification.model import Channel
from watchword.notification.templating import Template, Templates, built_in_templates, fill, template_key

_STRINGS = tomllib.loads(Path("tests/vectors/template_strings.toml").read_text(encoding="utf-8"))["template_strings"]
_SMS = """<configurations>
  <configuration type="account Confirmation" display="x" locale="en_US">
    <body>Your One-Time Password is : {{confirmation-code}}</body>
  </configuration>
  <configuration type="accountconfirmation" display="x" locale="fr_FR">
    <body>Votre code : {{confirmation-code}}</body>
  </configuration>
  %s
</configurations>
"""
_MAIL = """<configurations>
  <configuration type="accountconfirmation" display="x" locale="en_US" emailContentType="text/html">
    <subject>Confirm, {{user-name}}</subject>
    <body><![CDATA[<p>{{user-name}}</p><a href="{{callback}}">{{url:user-name}}</a>]]></body>
    <footer>-- {{organization-name}}</footer>
    <strange/>
  </configuration>
</configurations>
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "sms-templates-admin-config.xml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _sms(body: str) -> Template:
    return Template("accountconfirmation", "en_US", body)


def _body(templates: Templates, locale: str, default: str = "en_US") -> str | None:
    found = templates.find(Channel.SMS, "accountConfirmation", locale, default)
    return None if found is None else found.body


@pytest.mark.parametrize("typed", _STRINGS)
def test_what_is_no_blank_stays_as_typed(typed: str) -> None:
    # Decisions 5.4: {{x}} is a name, so the one string that holds it loses it.
    assert fill(_sms(typed), {}, channel=Channel.SMS).body == typed.replace("{{x}}", "")


@pytest.mark.parametrize("typed", [*_STRINGS, "{{confirmation-code}}", "{{{{x}}}}"])
def test_a_value_is_never_read_again(typed: str) -> None:
    filled = fill(_sms("<{{x}}>"), {"x": typed, "confirmation-code": "123456"}, channel=Channel.SMS)
    assert filled.body == f"<{typed}>"


@given(st.text(), st.text())
def test_a_text_without_blanks_is_its_own_filling(before: str, value: str) -> None:
    typed = before.replace("{", "(")
    assert fill(_sms(typed + "{{x}}"), {"x": value}, channel=Channel.EMAIL).body == typed + value


def test_a_blank_without_a_value_is_empty_and_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    filled = fill(
        _sms("{{user.claim.givenname}} {{organization-name}}!"), {"user.claim.givenname": "Al"}, channel=Channel.SMS
    )
    assert filled.body == "Al !"
    assert vars(caplog.records[0])["blank"] == "organization-name"


def test_a_claim_in_an_sms_is_a_name_and_nothing_else() -> None:
    claim = "Anne-Marie O'Neil 77 https://evil.test " + "x" * 50
    filled = fill(_sms("{{user.claim.givenname}}"), {"user.claim.givenname": claim}, channel=Channel.SMS)
    assert filled.body == "Anne-Marie ONeil  httpseviltes"
    assert len(filled.body) == 30
    tamil = "அனிதா"
    assert fill(_sms("{{user.claim.givenname}}"), {"user.claim.givenname": tamil}, channel=Channel.SMS).body == tamil


def test_the_operators_file_is_read_with_all_its_languages(write: Write) -> None:
    templates = Templates(sms_file=write(_SMS % ""))
    assert _body(templates, "fr_FR") == "Votre code : {{confirmation-code}}"
    assert _body(templates, "fr-FR") == "Votre code : {{confirmation-code}}"
    assert _body(templates, "fr_CA") == "Votre code : {{confirmation-code}}"
    assert _body(templates, "fr") == "Votre code : {{confirmation-code}}"
    assert _body(templates, "de_DE") == "Your One-Time Password is : {{confirmation-code}}"
    assert _body(templates, "de_DE", "fr_FR") == "Votre code : {{confirmation-code}}"
    assert _body(templates, "nonsense") == "Your One-Time Password is : {{confirmation-code}}"


def test_a_tenants_own_text_wins_and_others_fall_back(write: Write) -> None:
    templates = Templates(sms_file=write(_SMS % ""))
    own = {(template_key("accountconfirmation"), "en_US"): _sms("Ours: {{confirmation-code}}")}
    find = templates.find
    assert find(Channel.SMS, "accountconfirmation", "en_US", "en_US", own) == _sms("Ours: {{confirmation-code}}")
    french = find(Channel.SMS, "accountconfirmation", "fr_FR", "en_US", own)
    assert french is not None
    assert french.body.startswith("Votre")
    assert find(Channel.SMS, "no such type", "en_US", "en_US", own) is None


def test_wrong_entries_are_told_with_their_lines_and_the_others_stay(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = """
      <configuration type="a" locale="en_US"><subject>no</subject><body>b</body></configuration>
      <configuration type="b" locale="english"><body>b</body></configuration>
      <configuration type="c" locale="en_US"><body>b</body><body>b</body></configuration>
      <configuration type="accountconfirmation" locale="fr_FR"><body>twice</body></configuration>
      <configuration locale="en_US"><body>b</body></configuration>"""
    templates = Templates(sms_file=write(_SMS % wrong))
    assert [complaint.line for complaint in templates.check()] == [9, 10, 11, 12, 13]
    assert "an SMS has neither subject nor footer" in caplog.text
    assert _body(templates, "fr_FR") == "Votre code : {{confirmation-code}}"


def test_a_broken_file_leaves_the_texts_that_were_read(write: Write) -> None:
    path = write(_SMS % "")
    templates = Templates(sms_file=path)
    write("<configurations>")
    templates.refresh(100.0)
    templates.refresh(102.0)
    assert _body(templates, "fr_FR") == "Votre code : {{confirmation-code}}"
    assert [complaint.line for complaint in templates.check()] == [1]
    write((_SMS % "").replace("Votre", "Notre"))
    templates.refresh(110.0)
    templates.refresh(112.0)
    assert _body(templates, "fr_FR") == "Notre code : {{confirmation-code}}"
    path.unlink()
    templates.refresh(120.0)
    assert _body(templates, "fr_FR") == "Your One-Time Password is : {{confirmation-code}}"


def test_a_mail_is_escaped_but_for_links_that_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "email-admin-config.xml"
    path.write_text(_MAIL, encoding="utf-8")
    template = Templates(email_file=path).find(Channel.EMAIL, "accountconfirmation", "en_US", "en_US")
    assert template is not None
    facts = {"user-name": '<b>"x"\r\nBcc: y', "callback": "https://a.test/?x=1&y=2", "organization-name": "A & B"}
    filled = fill(template, facts, channel=Channel.EMAIL)
    assert filled.subject == 'Confirm, <b>"x" Bcc: y'
    assert "<p>&lt;b&gt;&quot;x&quot;\r\nBcc: y</p>" in filled.body
    assert '<a href="https://a.test/?x=1&y=2">%3Cb%3E%22x%22%0D%0ABcc%3A%20y</a>' in filled.body
    assert filled.footer == "-- A &amp; B"
    assert filled.content_type == "text/html"
    for evil in ("javascript:alert(1)", 'https://a.test/"><script>', "data:text/html,x"):
        assert evil not in fill(template, {**facts, "callback": evil}, channel=Channel.EMAIL).body


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("accountconfirmation", "Your One-Time Password is : {{confirmation-code}}"),
        ("resendaccountconfirmation", "Your One-Time Password : {{confirmation-code}}"),
        ("verifyMobileOnUpdate", "Your Mobile Number Verification Code : {{confirmation-code}}"),
    ],
)
def test_the_texts_that_are_on_the_wire_are_exact(type_: str, body: str) -> None:
    found = Templates().find(Channel.SMS, type_, "en_US", "en_US")
    assert found is not None
    assert found.body == body


_MAILS = [
    "accountconfirmation",
    "EmailOTPVerification",
    "resendaccountconfirmation",
    "selfSignUpNotify",
    "selfSignUpSuccess",
    "emailconfirm",
    "emailConfirmWithOTP",
    "liteUserEmailConfirmation",
    "resendLiteUserEmailConfirmation",
    "verifyEmailOnUpdate",
    "resendVerifyEmailOnUpdate",
    "emailOTPVerificationOnUpdate",
    "notifyOnExistingEmailUpdate",
    "notifyOnExistingEmailUpdateWithoutVerification",
    "accountExistsNotice",
]
_TEXTS = [
    "accountconfirmation",
    "resendaccountconfirmation",
    "verifyMobileOnUpdate",
    "passwordResetSucess",
    "accountIdRecovery",
    "passwordReset",
    "resendPasswordReset",
    "accountExistsNotice",
    "SMSOTP",
]


@pytest.mark.parametrize(
    ("channel", "type_"), [(Channel.EMAIL, each) for each in _MAILS] + [(Channel.SMS, each) for each in _TEXTS]
)
def test_every_type_has_a_text_of_ours(channel: Channel, type_: str) -> None:
    found = Templates().find(channel, type_.upper(), "de_DE", "en_US")
    assert found is not None
    assert found.body
    assert bool(found.subject) is (channel is Channel.EMAIL)


def test_a_code_fits_into_one_sms() -> None:
    for template in built_in_templates()[Channel.SMS].values():
        filled = fill(
            template,
            {"confirmation-code": "ABCD2345", "otp-expiry-time": "10", "user-name": "kim"},
            channel=Channel.SMS,
        )
        assert len(filled.body) <= 160


def test_the_link_of_the_mail_carries_everything() -> None:
    template = Templates().find(Channel.EMAIL, "accountConfirmation", "en_US", "en_US")
    assert template is not None
    facts = {
        "account.recovery.endpoint-url": "https://id.test/accountrecoveryendpoint",
        "confirmation-code": "c-1",
        "userstore-domain": "PRIMARY",
        "user-name": "kim & co",
        "tenant-domain": "carbon.super",
        "callback": "https://app.test/?a=1",
    }
    link = (
        "https://id.test/accountrecoveryendpoint/confirmregistration.do?confirmation=c-1&amp;userstoredomain=PRIMARY"
        "&amp;username=kim%20%26%20co&amp;tenantdomain=carbon.super&amp;callback=https%3A%2F%2Fapp.test%2F%3Fa%3D1"
    )
    assert f'href="{link}"' in fill(template, facts, channel=Channel.EMAIL).body
