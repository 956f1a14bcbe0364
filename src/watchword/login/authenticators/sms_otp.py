"""The classic code by SMS, ``SMSOTP``: who is asked, which page comes next, what an answer means (sms-otp.md 1.3-1.10).

It reads like the specification: :meth:`SmsOtp.judge` is the dispatcher of 1.3, :meth:`_initiate` is 1.5,
:meth:`_number` 1.6, :meth:`_verify` 1.7, :meth:`_retry` 1.8, :meth:`_send` 1.9 and 1.10.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace

from watchword.accounts.addresses import AddressRefused, parse_phone
from watchword.accounts.claims import MOBILE, Channel, is_true
from watchword.accounts.model import Proof, User
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.people import fold_claims, proof_of
from watchword.accounts.usecases.uniqueness import refuse_taken, take_values
from watchword.applications.authenticators import IDENTIFIER, SMS_OTP
from watchword.base.patterns import full_match
from watchword.base.problems import ClaimTaken
from watchword.login.authenticator import Asked, GaveUp, Outcome, Proven, Turn
from watchword.login.authenticators import code_pages as say
from watchword.login.authenticators.code_pages import failure, mask, unlock_time
from watchword.login.authenticators.holder import home_of, is_more_than_a_password
from watchword.login.authenticators.one_time_code import Outcome as Try
from watchword.login.authenticators.one_time_code import (
    Tried,
    current_challenge,
    older_codes,
    start_code,
    try_code,
)
from watchword.login.authenticators.sending import Barrier, Sending, leaving, over_quota
from watchword.login.authenticators.sms_otp_failures import details, failure_code
from watchword.login.authenticators.sms_otp_round import Round
from watchword.login.authenticators.sms_otp_user import federated_number, find_sms_holder
from watchword.login.model import LOCAL, LOGIN_PAGE, Answer, Place
from watchword.login.notices import tell_of_lock
from watchword.login.parameters import SmsOtpParameters, read_parameters
from watchword.notification.model import Answered, MessageState
from watchword.notification.outbox import Notifier, open_reply
from watchword.notification.store import Messages
from watchword.storage.audit import note
from watchword.tenants.policies import SmsCodes
from watchword.tenants.usecases import read_policy

TEMPLATE = "SMSOTP"
LEAD = "Verification Code: "
FAILED = "login.fail.message"


@dataclass(frozen=True, slots=True)
class SmsOtp:
    """Asks for a code that was sent to the person's phone."""

    notifier: Notifier
    name: str = SMS_OTP

    def wants(self, turn: Turn, answer: Answer) -> bool:
        """Take a code, a wish for another one, a number; and a name, where this is the first step."""
        named = bool(answer.get("username").strip()) and turn.login.option is not None
        return named or any(answer.get(each).strip() for each in ("OTPcode", "resendCode", "MOBILE_NUMBER"))

    def begin(self, turn: Turn) -> Outcome:
        """Send a code, or ask first for what is missing."""
        return self._meet(turn, None)

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        """Take an answer; the first row that fits (1.3)."""
        if answer.get("MOBILE_NUMBER").strip() and turn.login.notes.get("asks_number"):
            return self._meet(turn, answer)
        if answer.get("resendCode") == "true":
            return self._resend(turn, answer)
        if answer.get("OTPcode").strip():
            return self._verify(turn, answer)
        return self._hear_nothing(turn, answer)

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        """Say that the provider did not take the code (5.6, 8.3), as far as it may be said."""
        found, entry = self._round(turn, None), Messages(turn.work).find(message_id)
        if found is None or entry is None or found.holder.is_hidden:
            return None
        if entry.attempts:
            found.resends.take_back(turn.work, found.holder)
        answered, names = open_reply(turn.work, entry), found.parameters
        message = failure_code(
            entry, answered, expects_status=bool(found.properties.get("http_response", "").strip()),
            internal_codes=names.internal_codes,
        )  # fmt: skip
        page = names.failure_page or ("error" if entry.route is not None else "code")
        if page == "error":
            return found.pages.ask(
                turn, found.pages.error, {**found.resend_word, **failure(message), **_detail(found, answered)}
            )
        if not read_policy(turn.work, SmsCodes).tells_of_failures:
            return None
        return found.code_page({**found.screen_value, **found.resend_word, **failure(message, errorCode=message)})

    # --- the rows of the specification

    def _hear_nothing(self, turn: Turn, answer: Answer) -> Outcome:
        """Take an answer without a code: a wish for another number, or nothing at all."""
        found = self._round(turn, answer)
        challenge = current_challenge(turn, SMS_OTP, found.holder if found is not None else None)
        if answer.get("changeNumber") == "true" and found is not None and found.may_correct:
            return self._correct(found)
        if challenge is None or not challenge.sends:
            return self._meet(turn, answer)
        # An empty answer sends nothing, and counts for nothing (D-33).
        if found is None:
            return self._ask_name(turn)
        return self._spent(found) if found.is_spent else self._retry(found, Try.WRONG)

    def _meet(self, turn: Turn, answer: Answer | None) -> Outcome:
        """Find out who is asked, and begin with them (1.4)."""
        found = self._round(turn, answer)
        if found is None:
            return self._ask_name(turn)
        if found.user is None and found.holder.is_hidden and found.parameters.reveals_unknown:
            return found.pages.ask(turn, found.pages.error, failure(say.NOBODY))
        if found.holder.is_hidden:
            return self._begin_hidden(found)
        return self._initiate(found)

    def _round(self, turn: Turn, answer: Answer | None) -> Round | None:
        parameters = read_parameters(turn.work.settings, SMS_OTP, SmsOtpParameters)
        holder = find_sms_holder(turn, parameters, answer)
        if holder is None:
            return None
        configured = turn.provider.authenticator(SMS_OTP) if turn.provider is not None else None
        properties = configured.properties if configured is not None else {}
        typed = answer.get("MOBILE_NUMBER").strip() if answer is not None else ""
        named = turn if turn.person is not None else replace(turn, login=turn.login.noting(username=holder.person.name))
        return Round(
            turn=named, parameters=parameters, properties=properties, holder=holder,
            typed_number=typed if turn.login.notes.get("asks_number") else "",
        )  # fmt: skip

    def _ask_name(self, turn: Turn) -> Asked:
        """Ask for the name, since this is the first step."""
        return Asked(login=turn.login, place=Place(page=LOGIN_PAGE, query={"authenticators": f"{IDENTIFIER}:{LOCAL}"}))

    def _begin_hidden(self, found: Round) -> Outcome:
        """Show the code page whatever there is behind the name: to somebody who has proven nothing, nothing is told."""
        reachable = found.user is not None and not found.is_closed and not found.has_opted_out
        return self._send(found, found.number if reachable else "")

    def _initiate(self, found: Round) -> Outcome:
        """Decide which page is next (1.5)."""
        if found.is_closed:
            return self._retry(found, Try.LOCKED)
        if found.user is None or found.has_opted_out:
            return self._without_account(found)
        return self._number(found)

    def _without_account(self, found: Round) -> Outcome:
        """Decide what becomes of somebody who has no account here, or has opted out: without a code only if may be."""
        names = found.parameters
        if not names.mandatory:
            return Proven(person=found.holder.person, skipped=True)
        if found.user is not None:
            return found.error(failure(say.OPTED_OUT))
        if names.direct:
            return self._checked(found) if found.typed_number else self._ask_number(found)
        if names.federated:
            number = federated_number(found.turn, names)
            return self._send(found, number) if number else GaveUp(message=say.NO_NUMBER)
        return found.error(failure(say.NO_WAY))

    def _number(self, found: Round) -> Outcome:
        """Find the number of somebody who has an account (1.6)."""
        if found.holder.address(Channel.SMS):
            return self._send(found, found.number)
        if found.typed_number:
            return self._checked(found)
        if not found.parameters.capture:
            return GaveUp(message=say.NO_NUMBER)
        recommended = found.turn.work.settings.security_profile == "recommended"
        if recommended and not is_more_than_a_password(found.turn):
            # A stolen password must not be enough to bind a number of the thief's (OTP-20).
            return found.error(failure(say.NO_NUMBER))
        return self._ask_number(found)

    def _checked(self, found: Round) -> Outcome:
        """Send to a number that was entered, if it can be one (D-04)."""
        settings = found.turn.work.settings
        pattern = found.properties.get("mobile_number_regex", "")
        try:
            parse_phone(
                found.typed_number, strict=settings.registration.strict, default_country=settings.sms.default_country
            )
            fits = not pattern or full_match(pattern, found.typed_number)
        except AddressRefused:
            fits = False
        if not fits:
            text = found.properties.get("mobile_number_pattern_failure_error_message", "") or "mobile.number.refused"
            return self._ask_number(found, failure(say.WRONG, authFailureInfo=text))
        login = found.turn.login.noting(number=found.typed_number)
        return self._send(replace(found, turn=replace(found.turn, login=login)), found.typed_number)

    def _correct(self, found: Round) -> Asked:
        """Ask for the number once more, of somebody who has mistyped it."""
        return self._closed(found) or (self._spent(found) if found.is_spent else self._ask_number(found))

    def _ask_number(self, found: Round, more: Mapping[str, str] | None = None) -> Asked:
        known = {
            "mobileNumberRegexPattern": found.properties.get("mobile_number_regex", ""),
            "mobileNumberPatternPolicyFailureErrorMessage": found.properties.get(
                "mobile_number_pattern_failure_error_message", ""
            ),
        }
        told = {name: base64.b64encode(value.encode()).decode() for name, value in known.items() if value}
        turn = replace(found.turn, login=found.turn.login.noting(asks_number=True))
        return found.pages.ask(turn, found.pages.mobile, {**told, **(more or {})})

    def _resend(self, turn: Turn, answer: Answer) -> Outcome:
        """Send another code, where that is allowed (1.3 row 4, 1.9)."""
        found = self._round(turn, answer)
        if found is None:
            return self._ask_name(turn)
        if not found.parameters.resend:
            return GaveUp(message=FAILED)
        if found.holder.is_hidden:
            return self._begin_hidden(found)
        closed = self._closed(found)
        if closed is not None:
            return closed
        is_reachable = found.parameters.direct if found.user is None else not found.has_opted_out
        return self._send(found, found.number) if found.number and is_reachable else self._initiate(found)

    def _closed(self, found: Round) -> Asked | None:
        """Return the page for somebody who may neither get a code nor enter one (1.7 rows 2 and 3)."""
        if found.holder.is_hidden:
            return None
        if found.holder.is_of_other_tenant(found.turn):
            return found.error(failure(say.OTHER_TENANT))
        return self._retry(found, Try.LOCKED) if found.is_closed else None

    def _send(self, found: Round, number: str) -> Outcome:
        """Make a code and leave it for the number, unless it is too often or too soon (1.9, 1.10)."""
        turn, plan = found.turn, found.plan
        before = current_challenge(turn, SMS_OTP, found.holder)
        older = older_codes(turn, SMS_OTP, found.holder) or None
        barrier = found.resends.barrier(turn.work, found.holder, plan, before)
        if barrier is not None:
            has_code = found.holder.is_hidden or (before is not None and before.digest is not None)
            return self._stop(found, *barrier, has_code=has_code)
        again = True if before is not None and before.sends else None
        sends = number or found.holder.is_hidden  # to nobody as well, where it must not be told who is somebody
        leave = leaving(turn, self.notifier, found.holder, plan, self._sending(found, number)) if sends else None
        notified = start_code(turn, plan, found.holder, leave)
        sent = found
        if notified is None or notified.state is MessageState.WAITING:  # else the code before is as good as it was
            sent = replace(found, turn=replace(turn, login=turn.login.noting(sent_to=number or None, older=older)))
            found.resends.count(turn.work, found.holder)
        if found.holder.is_hidden:
            return sent.code_page({}, again=again)
        if notified is not None and notified.state is MessageState.HELD:
            told = over_quota(turn.work, found.holder, Channel.SMS, number)
            return found.error({**found.resend_word, **told}, may_type=again)
        return sent.code_page(found.screen_value, notified=notified, again=again)

    def _stop(self, found: Round, barrier: Barrier, seconds: int, *, has_code: bool) -> Outcome:
        if barrier is Barrier.MISTAKE:
            return GaveUp(message=FAILED)
        if barrier is Barrier.SPENT:
            return self._spent(found)
        if barrier is Barrier.LIMIT:
            again_at = found.turn.work.now.timestamp() + seconds if seconds else 0
            return found.error(failure(say.TOO_MANY_RESENDS), may_type=has_code or None, no_resend_before=again_at)
        told = failure(say.TOO_SOON, retryAfter=str(seconds))
        if found.typed_number and found.typed_number != found.turn.login.notes.get("sent_to"):
            return self._ask_number(found, told)
        return found.code_page({**found.screen_value, **found.resend_word, **told})

    def _spent(self, found: Round) -> Asked:
        """Show the end of this login: nothing is compared any more, and nothing sent (D-12)."""
        return found.error({"resendCode": "false", **failure(say.WRONG)}, is_spent=True)

    def _sending(self, found: Round, number: str) -> Sending:
        """Return where a code goes: by the fields of the identity provider, or as an event (5.1, 6.1)."""
        named = found.parameters.template
        if not found.properties.get("sms_url", "").strip() or found.turn.provider is None:
            return Sending(channel=Channel.SMS, to=number, template=named or TEMPLATE)
        by_template = is_true(found.properties.get("use_template", "").strip())
        return Sending(
            channel=Channel.SMS, to=number, template=named or TEMPLATE, route=found.turn.provider.id,
            lead="" if by_template else f"{named} {LEAD}".lstrip(),
        )  # fmt: skip

    def _verify(self, turn: Turn, answer: Answer) -> Outcome:
        """Judge a code; the order matters (1.7)."""
        found = self._round(turn, answer)
        if found is None:
            return self._ask_name(turn)
        closed = self._closed(found)
        if closed is not None:
            return closed
        if found.has_another_number:
            return self._retry(found, Try.WRONG)
        backup = found.parameters.backup_code == "true"
        tried = try_code(turn, found.plan, found.holder, answer.get("OTPcode"), backup=backup)
        if tried.lock is not None and found.user is not None:
            tell_of_lock(home_of(turn.work, found.holder.person), self.notifier, found.user, tried.lock)
            turn.work.commit()
        if tried.outcome is not Try.RIGHT or found.is_closed:  # closed is here only who has proven nothing before
            return self._refuse(found, tried)
        return self._accept(found, by_code=tried.by_code)

    def _accept(self, found: Round, *, by_code: bool) -> Outcome:
        """Let the person in; the number that the code went to is proven, and stored if it was entered (1.7)."""
        user, number = found.user, str(found.turn.login.notes.get("sent_to", ""))
        if by_code and user is not None and number and not user.is_verified(Channel.SMS):
            try:
                self._keep_number(found, user, number)
            except ClaimTaken as problem:
                found.turn.work.release()
                return self._ask_number(found, failure(say.WRONG, authFailureInfo=problem.description or ""))
        return Proven(person=found.holder.proven(), by_backup_code=not by_code)

    def _keep_number(self, found: Round, user: User, number: str) -> None:
        home = home_of(found.turn.work, found.holder.person)
        if not user.address(Channel.SMS):
            refuse_taken(home, {MOBILE: number}, ignoring=[user.id])
            take_values(home, user.id, {MOBILE: number})
            Users(home).set_claims(user.id, {MOBILE: number}, fold_claims(home, {MOBILE: number}))
            note(home, "bind_number", user.id)
        Users(home).verify(user.id, proof_of(home, Channel.SMS, number, Proof.CODE, user.name.typed))

    def _refuse(self, found: Round, tried: Tried) -> Outcome:
        """Lead back to the options, to the end, or to the page of 1.8, as the parameters say."""
        names, step = found.parameters, found.turn.login.step
        several = step is not None and len(step.options) > 1
        if tried.outcome is Try.SPENT:
            return self._spent(found)
        if (names.to_options and several) or not names.retry_in_script:
            return GaveUp(message=say.EXPIRED if tried.outcome is Try.EXPIRED else say.WRONG)
        is_last = not tried.left and tried.outcome is not Try.OVERTAKEN
        if is_last and (found.holder.is_hidden or not self._tells_lock(tried)):
            return self._spent(found)
        if tried.lock is not None:
            fresh = self._round(found.turn, None)
            return self._retry(fresh or found, Try.LOCKED)
        return self._retry(found, tried.outcome, is_older=tried.is_older)

    def _tells_lock(self, tried: Tried) -> bool:
        return tried.lock is not None or tried.outcome is Try.LOCKED

    def _retry(self, found: Round, outcome: Try, *, is_older: bool = False) -> Asked:
        """Show the page after an answer that did not do; the first row that fits (1.8)."""
        names, hidden = found.parameters, found.holder.is_hidden
        if outcome is Try.LOCKED and not hidden:
            if names.tells_reasons:
                return found.error({**unlock_time(found.turn, found.user), **failure(say.LOCKED)})
            return found.error(failure(say.WRONG))
        if outcome is Try.CLOSED and not hidden:
            return found.error(failure(say.WRONG))
        expired = outcome is Try.EXPIRED
        if names.retry or hidden:
            query = {**found.screen_value, **found.resend_word, **failure(say.EXPIRED if expired else say.WRONG)}
            return found.code_page(query, retrying=True, is_older=is_older or None)
        message = say.EXPIRED if expired else say.MISMATCH if outcome is Try.WRONG else say.WRONG
        return found.error({**found.resend_word, **failure(message)}, is_older=is_older or None)


def _detail(found: Round, answered: Answered | None) -> dict[str, str]:
    """Return what the provider said, where the administrator wants it to be shown."""
    if not is_true(found.properties.get("show_detailed_error_info", "").strip()):
        return {}
    number = str(found.turn.login.notes.get("sent_to", "")) or found.number
    shown = found.screen_value.get("screenvalue") or mask(number, shown=found.parameters.screen_digits)
    told = details(
        answered, numbers={number, _dialled(found, number)}, masked=shown,
        patterns=found.properties.get("values_to_be_masked", ""),
    )  # fmt: skip
    return {} if told is None else {"authFailureInfo": told}


def _dialled(found: Round, number: str) -> str:
    """Return a number as it was sent to the provider."""
    settings = found.turn.work.settings
    try:
        phone = parse_phone(number, strict=settings.registration.strict, default_country=settings.sms.default_country)
    except AddressRefused:
        return number
    return phone.normalised
