"""The state before the first step, brought about by commands before the server starts."""

from collections.abc import Iterator, Mapping

import msgspec

from watchword_testing.conformance import cases
from watchword_testing.conformance.cases import Case, CaseError
from watchword_testing.conformance.commands import Batch
from watchword_testing.conformance.directory import Name
from watchword_testing.conformance.server import ADMINISTRATOR
from watchword_testing.conformance.settings import Configured, password_policy, policies_of


def make_givens(case: Case, batch: Batch) -> None:
    """Bring about the state before the first step."""
    batch.run("admin", "create", ADMINISTRATOR.username, "--password", ADMINISTRATOR.password)
    for given in case.givens:
        for words in _words_of_given(given):
            batch.run(*words)
    policy = case.configured.password_policy
    for words in password_policy(msgspec.to_builtins(policy)) if policy else ():
        batch.run("policy", "set", *words)


def _words_of_given(given: cases.Given) -> Iterator[tuple[str, ...]]:
    match given:
        case cases.NewUser():
            yield words_of_new_user(given)
        case cases.GivenStore(user_store=realm):
            yield "userstore", "create", realm
        case cases.GivenTenant(tenant=domain, config=config):
            yield "tenant", "create", domain
            for policy in _policies_of(config):
                yield "policy", "set", *policy, "--tenant", domain
        case cases.GivenRecord(recovery_record=record):
            name = Name.of(record.user)
            tenant = () if name.tenant is None else ("--tenant", name.tenant)
            which = ("--scenario", record.scenario, "--step", record.step, "--channel", record.channel)
            yield "testing", "code", "put", "--user", name.qualified, "--code", record.code, *which, *tenant
        case cases.GivenTemplate() | cases.GivenTemplateRemoved():
            return


def _policies_of(configured: Configured) -> list[tuple[str, str, str]]:
    try:
        return list(policies_of(configured))
    except ValueError as problem:
        raise CaseError(str(problem)) from problem


def words_of_new_user(user: cases.NewUser) -> tuple[str, ...]:
    """Return the command that makes a user."""
    locked = ("--locked",) if user.account_locked else ()
    state = () if user.account_state is None else ("--state", user.account_state)
    password = ("--password", user.password)
    return ("user", "add", *Name.of(user.user).words, *password, *locked, *state, *words_of_claims(user.claims))


def words_of_claims(claims: Mapping[str, str]) -> tuple[str, ...]:
    """Return the options that give a user these claims."""
    return tuple(word for uri, value in claims.items() for word in ("--claim", f"{uri}={value}"))
