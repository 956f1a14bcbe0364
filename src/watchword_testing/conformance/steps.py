"""The steps of a case, done one after the other and judged."""

import http
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from watchword.cli.durations import parse_duration
from watchword_testing.conformance import cases
from watchword_testing.conformance.cases import Case, CaseError, SideEffects, Step, action_of
from watchword_testing.conformance.commands import CommandRefused
from watchword_testing.conformance.directory import Commands, Directory, Name, joined
from watchword_testing.conformance.givens import words_of_claims, words_of_new_user
from watchword_testing.conformance.home import Home
from watchword_testing.conformance.judge import (
    ABSENT,
    Message,
    Mismatch,
    Reply,
    judge_messages,
    judge_reply,
    judge_user,
)
from watchword_testing.conformance.server import ServerFailed, last_traceback
from watchword_testing.conformance.values import filled
from watchword_testing.sinks import Sinks

_LONGEST_REPLY = 500


class Answers(Protocol):
    """Whatever answers requests: a server."""

    def ask(self, request: cases.Request) -> Reply:
        """Return the answer to a request; raises ServerFailed when there is none."""


@dataclass(slots=True)
class Play:
    """A case under way: what has been captured, and what the last request or action has sent."""

    case: Case
    home: Home
    batch: Commands
    server: Answers
    sinks: Sinks
    values: dict[str, Any] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    ended_at: float = field(default_factory=time.monotonic)
    """When the last request was answered, or the last action done."""

    def problems(self) -> Iterator[str]:
        """Do the steps, and return what is wrong with the first that fails."""
        for number, step in enumerate(self.case.steps, start=1):
            for turn in range(1, step.repeat + 1):
                self.values["i"] = str(turn)
                found = self._found_in(step)
                if found:
                    turns = f" (time {turn} of {step.repeat})" if step.repeat > 1 else ""
                    yield f"step {number}{turns}: {_title_of(step)}"
                    yield from (f"  {one}" for one in found)
                    return

    def _found_in(self, step: Step) -> list[str]:
        """Do a step; what keeps it from being done is a problem like any other."""
        try:
            return [str(found) for found in self._do(step)]
        except (CaseError, CommandRefused, ServerFailed, msgspec.ValidationError, re.error) as problem:
            return [f"error: {problem}"]

    def _do(self, step: Step) -> Sequence[Mismatch | str]:
        if step.check is not UNSET:
            self.sent += self._newly_sent()
            return self._captured(step, None) or self._judged_side_effects(step.check)
        if step.action is not UNSET:
            refused = self._act(action_of(filled(step.action, self.values)))
            self.ended_at = time.monotonic()
            self.sent = self._newly_sent()
            return refused + (self._captured(step, None) or self._judged_side_effects(step.expect.side_effects))
        return [] if step.request is UNSET else self._ask(step, step.request)

    def _ask(self, step: Step, request: cases.Request) -> list[Mismatch | str]:
        reply = self.server.ask(filled(request, self.values))
        self.ended_at = time.monotonic()
        self.sent = self._newly_sent()
        missing = self._captured(step, reply)
        found = missing + self._judged(step, reply, forgiving=bool(missing))
        return [*found, *self._explained(reply)] if found else []

    def _explained(self, reply: Reply) -> Iterator[str]:
        """Say what the answer was, and what the server's log has to say of its own fault."""
        yield f"the answer was {reply.status} {reply.text[:_LONGEST_REPLY]}"
        trouble = last_traceback(self.home.log) if reply.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else None
        if trouble is not None:
            yield f"the log of the server ends with{trouble}"

    def _judged(self, step: Step, reply: Reply, *, forgiving: bool) -> list[Mismatch]:
        """Judge an answer and its side effects; *forgiving*: what was not captured may leave a blank open."""
        try:
            expected = filled(step.expect, self.values)
            return [
                *judge_reply(expected, reply, of_seed=self.case.of_seed),
                *self._judged_side_effects(expected.side_effects),
            ]
        except CaseError:
            if not forgiving:
                raise
            return judge_reply(cases.Expectation(status=step.expect.status), reply, of_seed=self.case.of_seed)

    def _judged_side_effects(self, written: SideEffects | UnsetType) -> list[Mismatch]:
        if written is UNSET:
            return []
        expected = filled(written, self.values)
        found = [] if expected.messages is UNSET else judge_messages(expected.messages, self.sent)
        for name, user in () if expected.users is UNSET else expected.users.items():
            found += judge_user(name, user, self._directory.account(name))
        return found

    def _captured(self, step: Step, reply: Reply | None) -> list[Mismatch]:
        """Keep what a step captures, and return what is not there."""
        missing = []
        for name, source in step.capture.items():
            value = self._value_of(source, reply)
            if value is ABSENT or value is None:
                missing.append(Mismatch(f"capture {name}", source, ABSENT))
            else:
                self.values[name] = value
        return missing

    def _value_of(self, source: str, reply: Reply | None) -> Any:  # noqa: ANN401 - any member of an answer
        if source == "last_message.code":
            return self.values.get(source)
        member = source.removeprefix("response.")
        if reply is None:
            return ABSENT
        if member == "text":
            return reply.text
        value = reply.json
        for part in member.split("."):
            value = value.get(part, ABSENT) if isinstance(value, dict) else ABSENT
        return value

    def _newly_sent(self) -> list[Message]:
        rows = self._directory.settled_rows()
        sent = joined(self.sinks.inbox.take(), rows)
        if sent:
            self.values["last_message.code"] = sent[-1].code
        return sent

    def _act(self, action: cases.Action) -> list[Mismatch]:
        match action:
            case cases.Login(login=attempt):
                return self._log_in(attempt)
            case cases.ClockAdvance(clock_advance=duration):
                self._advance_clock(duration)
            case cases.ProviderMode(provider=channel, mode=mode):
                self.sinks.set_mode(channel, mode)
            case cases.DeleteUser(delete_user=user):
                self.batch.run("user", "delete", *Name.of(user).words)
            case cases.SetClaims(set_claims=change):
                self._set_claims(change, "--as-person")
            case cases.AdminSetClaims(admin_set_claims=change):
                self._set_claims(change)
            case cases.AdminAddUser(admin_add_user=user):
                self.batch.run(*words_of_new_user(user))
            case cases.StoreFault(store_fault=None):
                self.home.mend()
            case cases.StoreFault(store_fault=str(fault)):
                self.home.break_down(fault)
        return []

    def _advance_clock(self, duration: str) -> None:
        """Let so much time have passed since the step before, what we have spent on looking included."""
        try:
            wanted = parse_duration(duration).total_seconds()
        except ValueError as problem:
            raise CaseError(f"clock_advance: {duration} {problem}") from problem
        spent = time.monotonic() - self.ended_at
        self.batch.run("clock", "advance", f"PT{max(wanted - spent, 0):.3f}S")

    def _log_in(self, attempt: cases.Attempt) -> list[Mismatch]:
        name = Name.of(attempt.username)
        answer = self.batch.answer_to("user", "try", *name.words, "--password", attempt.password)
        got = answer.get("login", answer.get("error", ABSENT))
        return [] if got == attempt.expect else [Mismatch("login", attempt.expect, got)]

    def _set_claims(self, change: cases.Claims, *options: str) -> None:
        self.batch.run("user", "set", *Name.of(change.user).words, *words_of_claims(change.claims), *options)

    @property
    def _directory(self) -> Directory:
        tenants = [given.tenant for given in self.case.givens if isinstance(given, cases.GivenTenant)]
        return Directory(self.batch, tenants)


def _title_of(step: Step) -> str:
    if step.request is not UNSET:
        return f"{step.request.method} {step.request.path}"
    if step.action is not UNSET:
        return f"action {', '.join(step.action)}"
    return "check"
