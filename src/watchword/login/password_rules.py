"""The rules for a new password, one by one, so that a page can name each that is broken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchword.accounts.model import User
from watchword.accounts.passwords import PasswordRules, is_common_password, normalise
from watchword.accounts.usecases.passwords import change_own_password, password_rules
from watchword.base.patterns import full_match
from watchword.base.problems import CredentialsInvalid, PasswordRefused
from watchword.storage.work import Work
from watchword.tenants.policies import PasswordHistory, PasswordPolicy
from watchword.tenants.usecases import read_policy

_OWN_PATTERNS = {
    r"^[\S]{5,30}$": ("password.rule.wso2", "change.broken.wso2"),
    PasswordPolicy().pattern: ("change.rule.kinds", "change.broken.kinds"),
}
"""The patterns that are said in words of ours: as a rule, and of a password that breaks it."""
_OWN_TEXTS = frozenset({"", "Password length should be within 5 to 30 characters"})
OLD = "change.rule.old"
OTHER = "password.rule.other"
"""The operator's own words, which say what is wanted and what is wrong alike."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in words, and whether a password keeps it."""

    text: str
    facts: Mapping[str, Any]
    broken: str
    """What is said of a password that does not keep it."""
    holds: Callable[[str], bool] = field(default=bool, repr=False)


@dataclass(frozen=True, slots=True)
class Blame:
    """What is wrong with a field of a form."""

    where: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as a login or a visit remembers it."""
        return {"field": self.where, "text": self.text, "facts": dict(self.facts)}


def rules_of(work: Work) -> list[Rule]:
    """Return what this tenant asks of a new password."""
    rules = password_rules(work)
    found = []
    if rules.pattern is not None:
        found.append(_pattern_rule(rules.pattern, rules.pattern_text))
    found += _policy_rules(rules)
    if rules.common_list:
        found.append(Rule("change.rule.uncommon", {}, "password.common", lambda given: not is_common_password(given)))
    history = read_policy(work, PasswordHistory)
    return [*found, Rule(OLD, {"count": history.count if history.enabled else 1}, "change.broken.old")]


def change_by_form(work: Work, user: User, form: Mapping[str, str]) -> list[Blame]:
    """Change the password of somebody who fills in the form, or return everything that is wrong with it."""
    current, new, again = (form.get(name, "") for name in ("currentPassword", "newPassword", "newPasswordAgain"))
    blames = [] if current else [Blame("currentPassword", "change.current.missing")]
    blames += _blames_of(work, new)
    if not blames and new != again:
        blames.append(Blame("newPasswordAgain", "repeated.differs"))
    if blames:
        return blames
    old = next(rule for rule in rules_of(work) if rule.text == OLD)
    try:
        change_own_password(work, user, current, new)
    except CredentialsInvalid:
        return [Blame("currentPassword", "change.current.wrong")]
    except PasswordRefused:  # of all that can be seen beforehand nothing is wrong
        return [Blame("newPassword", old.broken, old.facts)]
    return []


def _blames_of(work: Work, password: str) -> list[Blame]:
    if not password:
        return [Blame("newPassword", "password.missing")]
    if work.settings.security_profile == "recommended":
        password = normalise(password)
    return [Blame("newPassword", rule.broken, rule.facts) for rule in rules_of(work) if not rule.holds(password)]


def _pattern_rule(pattern: str, text: str | None) -> Rule:
    """Return the rule of a pattern: in our words if the pattern is one of ours, else in the operator's."""
    own = _OWN_PATTERNS.get(pattern)
    if own is not None and (text or "") in _OWN_TEXTS:
        return Rule(own[0], {}, own[1], lambda given: full_match(pattern, given))
    if text:
        return Rule(OTHER, {"rule": text}, OTHER, lambda given: full_match(pattern, given))
    return Rule(
        "change.rule.pattern", {"pattern": pattern}, "change.broken.pattern", lambda given: full_match(pattern, given)
    )


def _policy_rules(rules: PasswordRules) -> list[Rule]:
    """Return the rules of the connector; a text of the operator's stands for all of them."""
    least, most, pattern = rules.min_length or 0, rules.max_length, rules.policy_pattern
    parts = []
    if least:
        parts.append(
            Rule("change.rule.least", {"count": least}, "change.broken.least", lambda given: len(given) >= least)
        )
    if most is not None:
        facts = {"count": most}
        parts.append(Rule("change.rule.most", facts, "change.broken.most", lambda given: len(given) <= most))
    if pattern is not None:
        parts.append(_pattern_rule(pattern, None))
    if rules.policy_text is None or not parts:
        return parts
    return [Rule(OTHER, {"rule": rules.policy_text}, OTHER, lambda given: all(part.holds(given) for part in parts))]
