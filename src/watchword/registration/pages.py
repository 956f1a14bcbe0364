"""The pages of registering and confirming, under both addresses that they have (platform.md 9; decisions 5.5).

Every form answers with a redirection, so that a reload or the back button never sends anything twice; what is to be
said after it waits in the visit, under a number that the address names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Protocol

from watchword.accounts.claims import Channel
from watchword.accounts.model import User
from watchword.accounts.names import split_qualified
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import compared_name, find_user
from watchword.accounts.usecases.people import fold_claims
from watchword.base.problems import (
    BadRequest,
    ChannelWithoutValue,
    ClaimTaken,
    CodeExpired,
    CodeInvalid,
    EmailDomainRefused,
    NothingPending,
    PasswordActionDenied,
    PasswordInvalid,
    PasswordRefused,
    RealmUnknown,
    TooMany,
    UserExists,
    UserNameRefused,
)
from watchword.notification.letters import Letter
from watchword.notification.outbox import Notified, Notifier
from watchword.registration.forms import (
    Fault,
    Offer,
    SignUpForm,
    allowed_callback,
    find_faults,
    is_name_well_formed,
    is_own_login,
    place_of,
    read_offer,
    typed_text,
)
from watchword.registration.notices import say
from watchword.registration.usecases.confirm import Given, Redeemer, confirm_user
from watchword.registration.usecases.names import NameStatus, count_name_check, name_status
from watchword.registration.usecases.other_way import send_other_way
from watchword.registration.usecases.register import Draft, register_user
from watchword.registration.usecases.repeats import RepeatKey
from watchword.registration.usecases.resend import Resent, resend_code
from watchword.registration.waiting import masked_address, read_decoy, read_waiting
from watchword.storage.work import Work
from watchword.web.model import Ask, Door, Reply, Route, get, post
from watchword.web.pages import Pages
from watchword.web.visits import Visit, accept_form, open_visit

FOLDERS = ("/accountrecoveryendpoint", "/authenticationendpoint")
TEMPLATES = Path(__file__).with_name("templates")
ACCOUNT_EXISTS = "accountExistsNotice"
Form = dict[str, str]

_FAULTS: tuple[tuple[type[BadRequest], Fault], ...] = (
    (UserNameRefused, Fault("username", "username.refused")),
    (RealmUnknown, Fault("username", "username.refused")),
    (PasswordRefused, Fault("password", "password.refused")),
    (PasswordInvalid, Fault("password", "password.refused")),
    (PasswordActionDenied, Fault("password", "password.refused")),
    (ChannelWithoutValue, Fault("channel", "channel.unusable")),
    (EmailDomainRefused, Fault("email", "email.domain")),
)
_NOT_ACCEPTED = Fault("", "register.refused")


class Courier(Protocol):
    """What the pages need of the courier."""

    def hurry(self, work: Work, notified: Notified) -> bool | None:
        """See to it that a message goes out now."""


@dataclass(frozen=True, slots=True)
class RegistrationPages:
    """The pages, and what they need from outside."""

    pages: Pages
    notifier: Notifier
    courier: Courier

    @classmethod
    def of_parts(cls, pages: Pages, notifier: Notifier, courier: Courier) -> "RegistrationPages":
        """Return the pages, with the templates of this slice."""
        return cls(pages.with_templates(TEMPLATES), notifier, courier)

    def routes(self) -> list[Route]:
        """Return the slice's table of pages."""
        table = [
            _page(get, f"/{alias}", self._leading_to(f"accountrecoveryendpoint/{alias}.do"))
            for alias in ("register", "confirm")
        ]
        table.append(_page(get, "/", self.show_front))
        for folder in FOLDERS:
            table += [
                _page(get, f"{folder}/register.do", self.show_form),
                _page(post, f"{folder}/register.do", self.register, body=Form),
                # Looking a code up locks its row, so that even looking is more than reading.
                _page(get, f"{folder}/confirm.do", self.show_code, reading=False),
                _page(post, f"{folder}/confirm.do", self.confirm, body=Form),
                _page(get, f"{folder}/resend.do", self._leading_to("confirm.do")),
                _page(post, f"{folder}/resend.do", self.resend, body=Form),
                _page(get, f"{folder}/confirmregistration.do", self.show_link),
                _page(post, f"{folder}/confirmregistration.do", self.confirm_by_link, body=Form),
                _page(get, f"{folder}/done.do", self.show_done),
                get(f"{folder}/name.do", self.check_name, door=Door.ANYONE, reading=False),
            ]
        return table

    # --- registering

    def show_front(self, work: Work, ask: Ask[None]) -> Reply:
        """Lead whoever opens the bare address to the form, if there is one."""
        if read_offer(work) is None:
            return self._plain(work, ask, open_visit(work, ask), "front")
        return self._leading_to("accountrecoveryendpoint/register.do")(work, ask)

    def show_form(self, work: Work, ask: Ask[None]) -> Reply:
        """Ask for name, password and an address."""
        visit, offer = open_visit(work, ask), read_offer(work)
        if offer is None:
            return self._plain(work, ask, visit, "closed", status=403)
        said = _said(ask, visit, "register")
        callback = allowed_callback(work, ask.query.get("callback", "") or visit.kept.get("callback", ""))
        before = _typed_before(work, visit)
        if not said["errors"]:
            said = {**said, "typed": said["typed"] | before}
        return self.pages.show(
            work, ask, "register.html", visit, offer=offer, said=said, callback=callback,
            chosen=said["typed"]["channel"] or offer.default, under_way=before.get("username", ""),
        )  # fmt: skip

    def register(self, work: Work, ask: Ask[Form]) -> Reply:
        """Register a person, or say what is wrong with every field at once."""
        visit, offer = accept_form(work, ask), read_offer(work)
        if offer is None:
            return self._plain(work, ask, visit, "closed", status=403)
        form = SignUpForm.of(ask.body)
        callback = allowed_callback(work, ask.body.get("callback", ""))
        visit = visit.keeping(callback=callback or None)
        faults = find_faults(work, form, offer) or _own_cool_down(work, visit, form)
        if not faults:
            try:
                return self._sign_up(work, ask, visit, form, offer)
            except BadRequest as refusal:
                faults = [_fault_of(refusal)]
            except UserExists:
                faults = [_taken_name(work, ask, offer)]
        return self._say(work, ask, visit, "register", faults, typed=typed_text(ask.body))

    def _sign_up(self, work: Work, ask: Ask[Form], visit: Visit, form: SignUpForm, offer: Offer) -> Reply:
        callback = visit.kept.get("callback", "")
        former = _pending_user(work, visit)  # the same person corrects a slip: the name must not block itself
        claims = form.claims(offer, self.pages.words(ask).locale)
        # A login is this browser's alone: it leads back to it from here, and not from the mail.
        elsewhere = {"callback": callback} if callback and not is_own_login(work, callback) else {}
        draft = Draft(
            form.username, form.password, claims=claims, properties=elsewhere,
            repeat=_same_form(work, visit, former, ask.body), former=former,
        )  # fmt: skip
        try:
            registered = register_user(work, draft, self.notifier)
        except ClaimTaken as refusal:
            return self._pretend(work, ask, visit, form, refusal)
        self._hurry(work, registered.notified)
        visit = visit.keeping(user=registered.user_id, decoy=None, done=None, said=None, typed=typed_text(ask.body))
        if registered.outcome.pending:
            return self.pages.go(work, ask, "confirm.do", visit)
        done = {"name": registered.name, "callback": callback}
        return self.pages.go(work, ask, "done.do", visit.keeping(done=done))

    def _pretend(self, work: Work, ask: Ask[Form], visit: Visit, form: SignUpForm, refusal: ClaimTaken) -> Reply:
        """Go on as if nothing were wrong: only the owner of an address is told that it has an account (decisions 5.2).

        Raises:
            ClaimTaken: the claim is no address, so that there is nobody to be told.
        """
        work.release()
        channel = next((each for each in Channel if each.value_claim == refusal.facts["uri"]), None)
        if channel is None:
            raise refusal
        work.hasher.hash(form.password)  # so that it takes as long
        owner, told = _owner_of(work, channel, form.addresses[channel]), ""
        if owner is not None:
            notified = say(work, self.notifier, owner, Letter(ACCOUNT_EXISTS, channel))
            work.commit()
            self._hurry(work, notified)
            told = notified.message_id
        shown = Channel(form.channel)
        masked = masked_address(form.addresses[shown], shown)
        decoy = {"channel": shown, "masked": masked, "sent_at": work.now.timestamp(), "tries": 0, "told": told}
        visit = visit.keeping(user=None, done=None, said=None, decoy=decoy, typed=typed_text(ask.body))
        return self.pages.go(work, ask, "confirm.do", visit)

    def check_name(self, work: Work, ask: Ask[None]) -> Reply:
        """Tell, while somebody types, whether a name may be had.

        Raises:
            TooMany
        """
        offer, words, name = read_offer(work), self.pages.words(ask), ask.query.get("name", "").strip()
        if offer is None or not offer.tells_names or not name:
            return Reply({"status": "untold", "text": ""})
        if not is_name_well_formed(work, name):
            return Reply({"status": "refused", "text": words.say(offer.name_fault, **offer.name_rule_facts)})
        limit = work.settings.limits.name_checks_per_client
        count_name_check(work, "name_checks_per_client", ask.client, limit)
        if _is_own_name(work, open_visit(work, ask), name):
            status = "own"
        else:
            status = "usable" if name_status(work, name, None) is NameStatus.USABLE else "taken"
        return Reply({"status": status, "text": words.say(f"username.{status}", name=name)})

    # --- the code

    def show_code(self, work: Work, ask: Ask[None]) -> Reply:
        """Ask for the code, and say what became of the message that carries it."""
        visit = open_visit(work, ask)
        decoy, user = visit.kept.get("decoy"), _user(work, visit)
        if decoy is None and user is None:
            return self._plain(work, ask, visit, "nothing", starts_again=True)
        if user is not None and not user.is_pending:
            return self.pages.go(work, ask, "done.do", visit)
        waiting = read_waiting(work, user) if user is not None else read_decoy(work, decoy or {})
        return self.pages.show(work, ask, "code.html", visit, said=_said(ask, visit, "confirm"), waiting=waiting)

    def confirm(self, work: Work, ask: Ask[Form]) -> Reply:
        """Redeem the code that was typed; it must be that of this browser's sign-up."""
        visit = accept_form(work, ask)
        user, typed = _pending_user(work, visit), ask.body.get("code", "")
        if visit.kept.get("decoy") is not None:
            return self._refuse_decoy(work, ask, visit)
        if user is None:
            return self.pages.go(work, ask, "confirm.do", visit)
        code = read_waiting(work, user).cleaned(typed)
        if not code:
            return self._say(work, ask, visit, "confirm", [Fault("code", "code.missing")])
        given = Given(code, user_name=user.name.typed, realm=user.name.realm)
        try:
            confirmed = confirm_user(work, given, _redeemer(ask), self.notifier)
        except (CodeInvalid, TooMany) as refusal:
            fault = _code_fault(refusal, lambda: read_waiting(work, user).tries_left)
            return self._say(work, ask, visit, "confirm", [fault])
        self._hurry(work, confirmed.notified)
        done = {"name": user.name.typed, "callback": visit.kept.get("callback", "")}
        return self.pages.go(work, ask, "done.do", visit.keeping(done=done, said=None, typed=None))

    def resend(self, work: Work, ask: Ask[Form]) -> Reply:
        """Send the code again, or by the other channel."""
        visit = accept_form(work, ask)
        user = _pending_user(work, visit)
        if visit.kept.get("decoy") is not None:
            return self._resend_decoy(work, ask, visit)
        if user is None:
            return self.pages.go(work, ask, "confirm.do", visit)
        try:
            if ask.body.get("way") == "other" and read_waiting(work, user).other is not None:
                resent = send_other_way(work, user.id, self.notifier)
            else:
                resent = resend_code(work, user.name.typed, user.name.realm, None, self.notifier)
        except NothingPending:
            return self.pages.go(work, ask, "confirm.do", visit)
        return self._say_resent(work, ask, visit, resent)

    def _say_resent(self, work: Work, ask: Ask[Form], visit: Visit, resent: Resent) -> Reply:
        if resent.wait_until is not None:
            seconds = ceil((resent.wait_until - work.now).total_seconds())
            return self._say(work, ask, visit, "confirm", [Fault("", "code.wait", {"count": seconds})])
        self._hurry(work, resent.notified)
        return self._say(work, ask, visit, "confirm", [], words=["code.new"])

    def _refuse_decoy(self, work: Work, ask: Ask[Form], visit: Visit) -> Reply:
        decoy = {**visit.kept["decoy"], "tries": visit.kept["decoy"]["tries"] + 1}
        fault = _code_fault(CodeInvalid(code=""), lambda: read_decoy(work, decoy).tries_left)
        return self._say(work, ask, visit.keeping(decoy=decoy), "confirm", [fault])

    def _resend_decoy(self, work: Work, ask: Ask[Form], visit: Visit) -> Reply:
        waits = read_decoy(work, visit.kept["decoy"]).wait_seconds
        if waits:
            return self._say(work, ask, visit, "confirm", [Fault("", "code.wait", {"count": waits})])
        decoy = {**visit.kept["decoy"], "sent_at": work.now.timestamp(), "tries": 0}
        return self._say(work, ask, visit.keeping(decoy=decoy), "confirm", [], words=["code.new"])

    # --- the link in a mail

    def show_link(self, work: Work, ask: Ask[None]) -> Reply:
        """Show what opening the link would do; opening it does nothing, since programs open links, too."""
        visit, code = open_visit(work, ask), ask.query.get("confirmation", "").strip()
        done = _done_before(work, visit, code, ask.query.get("username", ""))
        if code and done is not None:
            return self._say_done(work, ask, visit, done)
        said = _said(ask, visit, "confirmregistration")
        if not code and not said["errors"]:
            said = {**said, "errors": [Fault("", "link.incomplete").to_json()]}
        return self.pages.show(
            work, ask, "link.html", visit, said=said, code=code, name=ask.query.get("username", ""),
            callback=allowed_callback(work, ask.query.get("callback", "")), is_usable=bool(code),
            under_way=_pending_user(work, visit) is not None,
        )  # fmt: skip

    def confirm_by_link(self, work: Work, ask: Ask[Form]) -> Reply:
        """Redeem the code of a link, in whatever browser it was opened."""
        visit = accept_form(work, ask)
        callback = allowed_callback(work, ask.body.get("callback", ""))
        code = ask.body.get("confirmation", "").strip()
        before = _done_before(work, visit, code, ask.body.get("username", ""))
        if before is not None:
            return self._say_done(work, ask, visit, before)
        given = Given(code, user_name=_bound_name(work, ask, visit))
        try:
            confirmed = confirm_user(work, given, _redeemer(ask), self.notifier)
        except (BadRequest, TooMany) as refusal:
            work.release()
            fault = _link_fault(refusal)
            return self._say(work, ask, visit, "confirmregistration", [fault])
        self._hurry(work, confirmed.notified)
        done = {"name": confirmed.user.name.typed, "callback": callback, "code": _mark_of(work, code)}
        return self.pages.go(work, ask, "done.do", visit.keeping(done=done, said=None, decoy=None, typed=None))

    def _say_done(self, work: Work, ask: Ask[Any], visit: Visit, done: dict[str, str]) -> Reply:
        """Lead whoever opens a link once more to what became of it."""
        return self._say(work, ask, visit.keeping(done=done), "done", [], words=["done.already"])

    def show_done(self, work: Work, ask: Ask[None]) -> Reply:
        """Say that the account is open."""
        visit = open_visit(work, ask)
        done, user = visit.kept.get("done"), _user(work, visit)
        if done is None and (user is None or user.is_pending):
            return self._plain(work, ask, visit, "nothing", starts_again=True)
        name = done["name"] if done else user.name.typed if user else ""
        callback = allowed_callback(work, done["callback"]) if done else ""
        text = next(iter(_said(ask, visit, "done")["words"]), "done.text")
        return self.pages.show(
            work, ask, "done.html", visit, text=text, name=name, callback=callback, place=place_of(callback),
            leads_to_login=is_own_login(work, callback),
        )  # fmt: skip

    # --- what they share

    def _plain(
        self, work: Work, ask: Ask[Any], visit: Visit, text_id: str, *, status: int = 200, starts_again: bool = False
    ) -> Reply:
        return self.pages.show(
            work, ask, "plain.html", visit, status=status, text_id=text_id, starts_again=starts_again
        )  # fmt: skip

    def _say(  # noqa: PLR0913  # what is said, where, and to whom
        self, work: Work, ask: Ask[Any], visit: Visit, page: str, faults: list[Fault], *,
        words: list[str] | None = None, typed: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """Lead back to a page that says something, to this browser and once."""
        number = work.entropy.octets(4).hex()
        said = {
            "number": number, "page": page, "errors": [fault.to_json() for fault in faults], "words": words or [],
            "typed": typed or {},
        }  # fmt: skip
        return self.pages.go(work, ask, f"{page}.do", visit.keeping(said=said), said=number)

    def _hurry(self, work: Work, notified: Notified | None) -> None:
        """Send at once. Whether it went out stands in the outbox, where the code page finds it."""
        if notified is not None:
            self.courier.hurry(work, notified)

    def _leading_to(self, page: str) -> Callable[[Work, Ask[Any]], Reply]:
        def lead(work: Work, ask: Ask[Any]) -> Reply:
            query = {name: value for name, value in ask.query.items() if name != "ui_locales"}
            return self.pages.go(work, ask, page, open_visit(work, ask), **query)

        return lead


def _page(
    make: Callable[..., Route], path: str, handler: Callable[..., Reply], **options: Any  # noqa: ANN401  # of Route
) -> Route:  # fmt: skip
    return make(path, handler, door=Door.ANYONE, page=True, **options)


def _said(ask: Ask[None], visit: Visit, page: str) -> dict[str, Any]:
    """Return what is to be said on a page: only under the address that a form led to."""
    said = visit.kept.get("said") or {}
    is_meant = said.get("page") == page and ask.query.get("said") == said.get("number")
    typed = dict.fromkeys(typed_text({}), "") | (said["typed"] if is_meant else {})
    return {"errors": said["errors"] if is_meant else [], "words": said["words"] if is_meant else [], "typed": typed}


def _user(work: Work, visit: Visit) -> User | None:
    """Return whom this browser signed up."""
    user_id = visit.kept.get("user")
    return Users(work).get(user_id) if user_id else None


def _pending_user(work: Work, visit: Visit) -> User | None:
    """Return whom this browser signed up, and who has yet to confirm."""
    user = _user(work, visit)
    return user if user is not None and user.is_pending and user.last_login_at is None else None


def _typed_before(work: Work, visit: Visit) -> Mapping[str, str]:
    """Return what this browser signed up with, while that waits for its code; nothing tells a decoy from a sign-up."""
    is_under_way = visit.kept.get("decoy") is not None or _pending_user(work, visit) is not None
    return visit.kept.get("typed", {}) if is_under_way else {}


def _is_own_name(work: Work, visit: Visit, name: str) -> bool:
    """Tell whether a name is that of this browser's sign-up, which gives way to the next."""
    own = _typed_before(work, visit).get("username", "")
    try:
        own_name, other_name = (compared_name(work, split_qualified(each)[1]) for each in (own, name))
    except UserNameRefused:
        return False
    return own_name == other_name


def _done_before(work: Work, visit: Visit, code: str, name: str) -> dict[str, str] | None:
    """Return what a link has done already, as far as this browser knows.

    It knows the code that it brought itself, and the account that it signed up itself, wherever that was confirmed.
    """
    done, user = visit.kept.get("done"), _user(work, visit)
    if done is not None and done.get("code") == _mark_of(work, code):
        return dict(done)
    named = find_user(work, name)
    if user is None or user.is_pending or named is None or named.id != user.id:
        return None
    return {"name": user.name.typed, "callback": visit.kept.get("callback", "")}


def _mark_of(work: Work, code: str) -> str:
    """Return what a code is recognised by, and not found out from."""
    return work.keys.digest("redeemed", work.tenant, code)


def _own_cool_down(work: Work, visit: Visit, form: SignUpForm) -> list[Fault]:
    """Hold the cool-down against signing up once more with the same address."""
    decoy, user = visit.kept.get("decoy"), _pending_user(work, visit)
    if user is not None:
        waiting = read_waiting(work, user)
        before = user.address(waiting.channel) or ""
    elif decoy is not None:
        waiting = read_decoy(work, decoy)
        before = SignUpForm.of(visit.kept.get("typed", {})).addresses[waiting.channel]
    else:
        return []
    is_same = _folded(work, waiting.channel, form.addresses[waiting.channel]) == _folded(work, waiting.channel, before)
    return [Fault("", "register.wait", {"count": waiting.wait_seconds})] if is_same and waiting.wait_seconds else []


def _taken_name(work: Work, ask: Ask[Form], offer: Offer) -> Fault:
    """Tell that a name is taken, as often as one client may be told."""
    work.release()
    if not offer.tells_names:
        return Fault("username", "username.refused")
    limits = work.settings.limits
    try:
        count_name_check(work, "name_checks_per_client", f"{ask.client} form", limits.name_checks_per_client)
    except TooMany as refusal:
        return Fault("username", "username.too_many", {"count": _minutes(refusal)})
    return Fault("username", "username.taken", {"name": ask.body.get("username", "").strip()})


def _fault_of(refusal: BadRequest) -> Fault:
    return next((fault for kind, fault in _FAULTS if isinstance(refusal, kind)), _NOT_ACCEPTED)


def _code_fault(refusal: CodeInvalid | TooMany, tries_left: Callable[[], int]) -> Fault:
    if isinstance(refusal, TooMany):
        return Fault("code", "code.too_many", {"count": _minutes(refusal)})
    if isinstance(refusal, CodeExpired):
        return Fault("code", "code.expired")
    left = tries_left()
    return Fault("code", "code.wrong", {"count": left}) if left else Fault("", "code.spent")


def _link_fault(refusal: BadRequest | TooMany) -> Fault:
    if isinstance(refusal, TooMany):
        return Fault("", "code.too_many", {"count": _minutes(refusal)})
    return Fault("", "link.expired" if isinstance(refusal, CodeExpired) else "link.dead")


def _minutes(refusal: TooMany) -> int:
    return ceil(int(refusal.facts["seconds"]) / 60)


def _same_form(work: Work, visit: Visit, former: User | None, body: Form) -> RepeatKey:
    """Return the key under which the same form, sent twice, is answered once: a tap too many strands nobody."""
    fields = [text for name in sorted(body) for text in (name, body[name])]
    digest = work.keys.digest("form", visit.seed, former.id if former else "", *fields)
    return RepeatKey("page", digest, digest)


def _redeemer(ask: Ask[Any]) -> Redeemer:
    return Redeemer("page", limit_name="unknown_codes_per_client", limit_key=ask.client)


def _bound_name(work: Work, ask: Ask[Form], visit: Visit) -> str | None:
    """Return whose code a link's must be: only this browser's own sign-up can say so.

    The name in the link proves nothing: taking its word would let anybody spend the tries of somebody else's code.
    """
    user = _pending_user(work, visit)
    named = find_user(work, ask.body.get("username", ""))
    return user.name.typed if user is not None and named is not None and named.id == user.id else None


def _folded(work: Work, channel: Channel, address: str) -> str:
    """Return an address as it is compared."""
    return fold_claims(work, {channel.value_claim: address}).get(channel.value_claim, "")


def _owner_of(work: Work, channel: Channel, address: str) -> User | None:
    folded = _folded(work, channel, address)
    owner = next(iter(Users(work).who_has_claim(channel.value_claim, folded)), None)
    return Users(work).get(owner) if owner else None
