"""`watchword check`: every value in force, where it came from, and all that is wrong, at once."""

from collections.abc import Iterator
from dataclasses import replace

import click

from watchword.base.operator_files import SettingsRefused
from watchword.base.report import Report, explain, explain_refusal
from watchword.base.seal import KeysMissing, read_keys
from watchword.base.settings import Settings
from watchword.cli.answers import FAILED, Answer
from watchword.cli.desk import JSON, PLACE, Desk, command
from watchword.notification.configured import ConfiguredSenders, settings_problems
from watchword.notification.templating import Templates

alone = click.Group()


@command(alone, "check", example="watchword check --home /srv/identity", options=(*PLACE, JSON))
def check(desk: Desk) -> Answer:
    """Print each value in force and where it came from, and everything that is wrong with the home, at once."""
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
    warnings = list(report.warnings)
    templates = Templates(settings.sms_templates, settings.email_templates)
    wrong += map(str, templates.check())
    if not any(settings_problems(settings)):
        senders = ConfiguredSenders.of_settings(settings)
        remarks = _remarks(senders)
        wrong += [line for line in map(str, senders.problems()) if line not in remarks]
        warnings += [*remarks, *senders.relaxations()]
        senders.close()
    return replace(report, wrong=tuple(wrong), warnings=tuple(warnings))


def _remarks(senders: ConfiguredSenders) -> list[str]:
    """Return what should be known of publishers that work."""
    published = senders.publishers.all() if senders.publishers is not None else []
    return [str(remark) for publisher in published for remark in publisher.remarks]


def _missing_keys(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the keys; those of SQLite are made at the first start."""
    if settings.database_url:
        try:
            read_keys(settings.data / "keys")
        except KeysMissing as missing:
            yield str(missing)
