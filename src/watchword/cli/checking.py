"""`watchword check`: every value in force, where it came from, and all that is wrong, at once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click

from watchword.accounts.usecases.administrators import administrator_weakness
from watchword.accounts.usecases.passwords import RECOMMENDED_LENGTHS
from watchword.base.authenticator_files import TABLE
from watchword.base.operator_files import SettingsRefused
from watchword.base.problems import CodePatternUnsupported
from watchword.base.report import Report, explain, explain_refusal
from watchword.base.seal import KeysMissing, read_keys
from watchword.base.settings import Settings
from watchword.cli.answers import FAILED, Answer
from watchword.cli.desk import JSON, PLACE, Desk, command, opening_quietly
from watchword.login.parameters import GROUPS, parameter_doubts, parameters_of
from watchword.notification.configured import ConfiguredSenders, settings_problems
from watchword.notification.model import Channel
from watchword.notification.templating import Templates
from watchword.registration.model import code_form
from watchword.tenants.policies import PasswordPolicy, SelfRegistration, properties_of

P = TypeVar("P")

alone = click.Group()


@command(alone, "check", example="watchword check --home /srv/identity", options=(*PLACE, JSON))
def check(desk: Desk) -> Answer:
    """Print each value in force and where it came from, and everything that is wrong with the home, at once."""
    with opening_quietly():
        report = report_on(desk)
    return Answer(report.as_json(), report.text().splitlines(), 0 if report.is_fine else FAILED)


def report_on(desk: Desk) -> Report:
    """Return what there is to say about an installation, without opening its database."""
    try:
        settings = desk.place.settings(desk.session.environment)
    except SettingsRefused as refused:
        return explain_refusal(refused)
    report = explain(settings)
    wrong = [*report.wrong, *settings_problems(settings), *_missing_keys(settings)]
    warnings = [*report.warnings, *parameter_doubts(settings), *_administrator(settings, desk.session.environment)]
    templates = Templates(settings.sms_templates, settings.email_templates)
    wrong += map(str, templates.check())
    if not any(settings_problems(settings)):
        senders = ConfiguredSenders.of_settings(settings)
        remarks = _remarks(senders)
        wrong += [line for line in map(str, senders.problems()) if line not in remarks]
        wrong += senders.refusals()
        warnings += [*remarks, *senders.relaxations(), *(() if settings.demo else senders.gaps())]
        senders.close()
    values = {key: value for key, value in report.values.items() if key not in set(_idle(settings))}
    return replace(report, values=values, wrong=tuple(wrong), warnings=tuple(warnings), notes=dict(_notes(settings)))


def _idle(settings: Settings) -> Iterator[str]:
    """Yield the keys of parameters that no authenticator knows: they have no effect, and are not in force."""
    for name, said in settings.authenticators.items():
        if name in GROUPS:
            known = {each for declared in parameters_of(GROUPS[name]).values() for each in declared.names}
            idle = (each for each in said.parameters if each not in known and not each.endswith("-userAttribute"))
            yield from (f"{TABLE}[{name}].{each}" for each in idle)


def _remarks(senders: ConfiguredSenders) -> list[str]:
    """Return what should be known of publishers that work."""
    published = senders.publishers.all() if senders.publishers is not None else []
    return [str(remark) for publisher in published for remark in publisher.remarks]


def _administrator(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield why the administrator of ``[super_admin]`` will not be made."""
    if settings.admin_seed is None or settings.dev or settings.demo or environment.get("WATCHWORD_ADMIN_NAME"):
        return
    name, password = settings.admin_seed
    if weakness := administrator_weakness(name, password):
        yield (
            f"the password of [super_admin] is {weakness}, so a first start does not make {name}:"
            f" run `watchword admin create {name}`, or on loopback `watchword serve --dev`"
        )


def _notes(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what people meet instead of two policies that say something else, by key."""
    recommended = settings.security_profile == "recommended"
    passwords = _policy(settings, PasswordPolicy)
    least = RECOMMENDED_LENGTHS[0]
    if recommended and not (passwords.enabled and passwords.min_length >= least):
        yield _key(PasswordPolicy, "min_length"), f"but `recommended` wants at least {least} characters of a password"
    codes = _policy(settings, SelfRegistration)
    try:
        length = code_form(codes, Channel.SMS, recommended=recommended).length
    except CodePatternUnsupported:
        return
    if length != codes.otp_length:
        why = (
            "SMSOTP.Regex says so" if codes.sms_otp_regex else "otp_length counts only where one of use_…_in_otp is set"
        )
        yield _key(SelfRegistration, "otp_length"), f"but codes have {length} characters: {why}"


def _policy(settings: Settings, policy: type[P]) -> P:
    """Return what holds where a tenant has decided nothing."""
    values: dict[str, Any] = {name: settings.values[each.name].value for name, each in properties_of(policy).items()}
    return policy(**values)


def _key(policy: type[Any], name: str) -> str:
    return properties_of(policy)[name].name


def _missing_keys(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the keys; those of SQLite are made at the first start."""
    if settings.database_url:
        try:
            read_keys(settings.data / "keys")
        except KeysMissing as missing:
            yield str(missing)
