"""The later codes, by SMS and by mail: what both have in common (sms-otp.md 1.17).

They take their rules from the policies of the tenant, tell an expired code from a wrong one to nobody, and never ask
for an address.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from watchword.accounts.addresses import mask_mailbox
from watchword.accounts.claims import Channel
from watchword.accounts.model import Factor, Proof, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import proof_of
from watchword.applications.authenticators import IDENTIFIER
from watchword.login.authenticator import Asked, GaveUp, Outcome, Proven, Turn
from watchword.login.authenticators import code_pages as say
from watchword.login.authenticators.code_pages import CodePages, failure, mask, unlock_time
from watchword.login.authenticators.holder import Holder, find_holder, home_of
from watchword.login.authenticators.one_time_code import (
    DIGITS,
    LETTERS_AND_DIGITS,
    MOST_ANSWERS,
    CodePlan,
    Tried,
    current_challenge,
    lifetime_of,
    older_codes,
    start_code,
    try_code,
)
from watchword.login.authenticators.one_time_code import Outcome as Try
from watchword.login.authenticators.sending import Barrier, ResendRules, Sending, leaving, over_quota
from watchword.login.model import LOCAL, LOGIN_PAGE, Answer, Place
from watchword.login.notices import tell_of_lock
from watchword.login.parameters import LocalOtpParameters, read_parameters
from watchword.notification.model import MessageState
from watchword.notification.outbox import Notified, Notifier
from watchword.notification.store import Messages
from watchword.storage.work import Work

SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePolicy:
    """What a tenant decides about codes of one kind."""

    expiry_seconds: int
    length: int
    alphanumeric: bool
    resends: int
    block_minutes: int
    tells_of_failures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What tells codes by SMS and by mail apart."""

    name: str
    channel: Channel
    factor: Factor
    code_page: str
    error_page: str
    template: str
    event: str
    no_address: str
    """The ``authFailureMsg`` for somebody who has no address."""
    unsent: str
    """The ``errorCode`` of a message that could not be sent."""
    policy: Callable[[Work], CodePolicy]
    """Gives what the tenant has decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One request of the step: what it asks, of whom, and by which rules."""

    turn: Turn
    kind: Kind
    parameters: LocalOtpParameters
    policy: CodePolicy
    holder: Holder

    @property
    def user(self) -> User | None:
        return self.holder.user

    @property
    def address(self) -> str:
        return self.holder.address(self.kind.channel) or ""

    @property
    def is_closed(self) -> bool:
        return self.holder.is_closed(self.turn.work.now)

    @property
    def pages(self) -> CodePages:
        return CodePages(authenticator=self.kind.name, code=self.kind.code_page, error=self.kind.error_page)

    @property
    def plan(self) -> CodePlan:
        return CodePlan(
            authenticator=self.kind.name, factor=self.kind.factor, length=self.policy.length,
            alphabet=LETTERS_AND_DIGITS if self.policy.alphanumeric else DIGITS, dies_at_end=True,
            lifetime=lifetime_of(self.turn.work, self.policy.expiry_seconds), locks=self.parameters.locks,
            most_answers=min(max(self.parameters.most_failures, 1), MOST_ANSWERS),
        )  # fmt: skip

    @property
    def resends(self) -> ResendRules:
        names = self.parameters
        return ResendRules(
            channel=self.kind.channel, most=names.most_resends or str(self.policy.resends), beside_first=1,
            of_user=names.resends_of_user and not self.holder.is_hidden,
            spacing=timedelta(seconds=names.resend_spacing), block=timedelta(minutes=self.policy.block_minutes),
        )  # fmt: skip

    @property
    def is_spent(self) -> bool:
        challenge = current_challenge(self.turn, self.kind.name, self.holder)
        return challenge is not None and challenge.attempts >= self.plan.most_answers

    def code_page(
        self,
        query: Mapping[str, str],
        *,
        notified: Notified | None = None,
        retrying: bool = False,
        **notes: Any,  # noqa: ANN401  # as JSON has it
    ) -> Asked:
        """Send the browser to the page that asks for the code, and note what else it shows."""
        plan, challenge = self.plan, current_challenge(self.turn, self.kind.name, self.holder)
        login = self.turn.login.noting(
            numeric=plan.alphabet == DIGITS, length=plan.length, may_resend=True,
            attempts_left=plan.most_answers - challenge.attempts if challenge and challenge.attempts else None,
            **{"again": None, "is_older": None, "may_type": None, **notes},
        )  # fmt: skip
        told = {"username": self.holder.person.name, **self._shown(), **query}
        turn = replace(self.turn, login=login)
        return self.pages.ask(turn, self.pages.code, told, notified=notified, retrying=retrying)

    def error(self, query: Mapping[str, str], **notes: Any) -> Asked:  # noqa: ANN401  # as JSON has it
        """Send the browser to the page that says why there is no code."""
        turn = replace(self.turn, login=self.turn.login.noting(**{"may_type": None, **notes}))
        return self.pages.ask(turn, self.pages.error, query, retrying=True)

    def _shown(self) -> dict[str, str]:
        """Return where the code goes, masked; to somebody who has proven nothing it is not told."""
        if not self.address or self.holder.is_hidden:
            return {}
        by_sms = self.kind.channel is Channel.SMS
        return {"screenValue": mask(self.address, shown=SHOWN, backward=True) if by_sms else mask_mailbox(self.address)}


@dataclass(frozen=True, slots=True)
class LaterCode:
    """Asks for a code that was sent to an address of the account."""

    notifier: Notifier
    kind: Kind

    @property
    def name(self) -> str:
        """Return the name that sequences have for it."""
        return self.kind.name

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take a code, a wish for another one; and a name, where this is the first step."""
        named = bool(answer.get("username").strip()) and turn.login.option is not None
        return named or any(answer.get(each).strip() for each in ("OTPcode", "resendCode"))

    def begin(self, turn: Turn) -> Outcome:
        """Send a code."""
        return self._send_first(turn, None)

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Take a wish for another code, or a code; an empty answer sends nothing again."""
        if answer.get("resendCode") == "true":
            return self._send_first(turn, answer)
        if answer.get("OTPcode").strip():
            return self._verify(turn, answer)
        found = self._round(turn, answer)
        challenge = current_challenge(turn, self.name, found.holder if found is not None else None)
        if found is None or challenge is None or not challenge.sends:
            return self._send_first(turn, answer)
        return GaveUp(message=say.WRONG) if found.is_spent else found.code_page(failure(say.WRONG), retrying=True)

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Say that the code could not be sent, where the tenant wants that (8.3)."""
        found, entry = self._round(turn, None), Messages(turn.work).find(message_id)
        if found is None or entry is None or found.holder.is_hidden:
            return None
        if entry.attempts:
            found.resends.take_back(turn.work, found.holder)
        if not found.policy.tells_of_failures:
            return None
        return found.code_page({"resendCode": "true", **failure("unable.send.code", errorCode=self.kind.unsent)})

    # --- sending

    def _round(self, turn: Turn, answer: Answer | None) -> _Round | None:
        holder = find_holder(turn, answer)
        if holder is None:
            return None
        named = turn if turn.person is not None else replace(turn, login=turn.login.noting(username=holder.person.name))
        return _Round(
            turn=named, kind=self.kind, holder=holder, policy=self.kind.policy(turn.work),
            parameters=read_parameters(turn.work.settings, self.name, LocalOtpParameters),
        )  # fmt: skip

    def _send_first(self, turn: Turn, answer: Answer | None) -> Outcome:
        found = self._round(turn, answer)
        if found is None:
            query = {"authenticators": f"{IDENTIFIER}:{LOCAL}"}
            return Asked(login=turn.login, place=Place(page=LOGIN_PAGE, query=query))
        if found.holder.is_hidden:
            return self._send(found, "" if found.is_closed else found.address)
        if found.holder.is_of_other_tenant(turn):
            return found.error(failure(say.OTHER_TENANT))
        if found.is_closed:
            return self._locked(found)
        return self._send(found, found.address) if found.address else found.error(failure(self.kind.no_address))

    def _send(self, found: _Round, address: str) -> Outcome:
        work, rules = found.turn.work, found.resends
        before = current_challenge(found.turn, self.name, found.holder)
        older = older_codes(found.turn, self.name, found.holder) or None
        barrier = rules.barrier(work, found.holder, found.plan, before)
        if barrier is not None:
            return self._stop(found, *barrier)
        again = True if before is not None and before.sends else None
        kind, template = self.kind, found.parameters.template or self.kind.template
        sending = Sending(channel=kind.channel, to=address, template=template, event=kind.event)
        sends = address or found.holder.is_hidden  # to nobody as well, where it must not be told who is somebody
        leave = leaving(found.turn, self.notifier, found.holder, found.plan, sending) if sends else None
        notified = start_code(found.turn, found.plan, found.holder, leave)
        sent = found
        if notified is None or notified.state is MessageState.WAITING:  # else the code before is as good as it was
            login = found.turn.login.noting(sent_to=address or None, older=older)
            sent = replace(found, turn=replace(found.turn, login=login))
            rules.count(work, found.holder)
        if found.holder.is_hidden:
            return sent.code_page({}, again=again)
        if notified is not None and notified.state is MessageState.HELD:
            return found.error(over_quota(work, found.holder, kind.channel, address), may_type=again)
        return sent.code_page({}, notified=notified, again=again)

    def _stop(self, found: _Round, barrier: Barrier, seconds: int) -> Outcome:
        if barrier is Barrier.TOO_SOON:
            return found.code_page(failure(say.TOO_SOON, retryAfter=str(seconds)))
        if barrier is Barrier.SPENT:
            return GaveUp(message=say.WRONG)
        challenge = current_challenge(found.turn, self.name, found.holder)
        if found.parameters.ends_on_resends:
            return GaveUp(message=say.TOO_MANY_RESENDS)
        if challenge is None or not challenge.sends:  # there is no code that could still be entered
            return found.error(failure(say.TOO_MANY_RESENDS))
        again_at = found.turn.work.now.timestamp() + seconds if seconds else 0
        return found.code_page(failure(say.TOO_MANY_RESENDS), no_resend_before=again_at)

    # --- judging

    def _verify(self, turn: Turn, answer: Answer) -> Outcome:
        found = self._round(turn, answer)
        if found is None:
            return self._send_first(turn, answer)
        if not found.holder.is_hidden and found.holder.is_of_other_tenant(turn):
            return found.error(failure(say.OTHER_TENANT))
        if not found.holder.is_hidden and found.is_closed:
            return self._locked(found)
        sent_to = turn.login.notes.get("sent_to")
        if sent_to and sent_to != found.address:  # the code went to an address that is not the account's any more
            return found.code_page(failure(say.WRONG), retrying=True)
        tried = try_code(turn, found.plan, found.holder, answer.get("OTPcode"))
        if tried.lock is not None and found.user is not None:
            tell_of_lock(home_of(turn.work, found.holder.person), self.notifier, found.user, tried.lock)
            turn.work.commit()
        if tried.outcome is not Try.RIGHT or found.is_closed:
            return self._refuse(found, tried)
        self._keep(found)
        return Proven(person=found.holder.proven())

    def _keep(self, found: _Round) -> None:
        """Note that the address is proven now."""
        user, home = found.user, home_of(found.turn.work, found.holder.person)
        if user is None or user.is_verified(self.kind.channel) or not found.turn.login.notes.get("sent_to"):
            return
        by = proof_of(home, self.kind.channel, found.address, Proof.CODE, user.name.typed)
        Users(home).verify(user.id, by)

    def _refuse(self, found: _Round, tried: Tried) -> Outcome:
        """Lead to the code page again, back to the options, or to the end."""
        names, step = found.parameters, found.turn.login.step
        several = step is not None and len(step.options) > 1
        if (names.to_options and several) or not names.retry_in_script:
            return GaveUp(message=say.WRONG)
        if tried.outcome is not Try.OVERTAKEN and (tried.outcome is Try.SPENT or not tried.left):
            return GaveUp(message=say.WRONG)
        if not found.holder.is_hidden and (tried.lock is not None or tried.outcome in {Try.LOCKED, Try.CLOSED}):
            return self._locked(self._round(found.turn, None) or found)
        left = {"remainingNumberOfSMSOtpAttempts": str(tried.left)} if names.tells_reasons else {}
        return found.code_page({**left, **failure(say.WRONG)}, retrying=True, is_older=tried.is_older or None)

    def _locked(self, found: _Round) -> Asked:
        if found.parameters.tells_reasons and found.is_closed:
            return found.error({**unlock_time(found.turn, found.user), **failure(say.LOCKED)})
        return found.error(failure(say.WRONG))
