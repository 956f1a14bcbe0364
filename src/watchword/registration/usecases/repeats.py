"""A registration that is sent again under the same Idempotency-Key is answered again, not done again."""

import json
from dataclasses import dataclass
from typing import Any

from watchword.base.problems import IdempotencyKeyReused
from watchword.registration.store import Answers
from watchword.storage.work import Work


@dataclass(frozen=True, slots=True)
class RepeatKey:
    """Whose key it is, and for which body."""

    caller: str
    key: str
    body_digest: str


def recall_answer(work: Work, repeat: RepeatKey | None) -> dict[str, Any] | None:
    """Return what the key was answered before.

    Raises:
        IdempotencyKeyReused: with another body.
    """
    if repeat is None:
        return None
    found = Answers(work).find(repeat.caller, repeat.key)
    if found is None:
        return None
    if found.body_digest != repeat.body_digest:
        raise IdempotencyKeyReused
    answer: dict[str, Any] = json.loads(work.keys.unseal(found.sealed, _about(work, repeat)))
    return answer


def keep_answer(work: Work, repeat: RepeatKey | None, answer: dict[str, Any]) -> None:
    """Store an answer in the transaction that it speaks of.

    Raises:
        AnsweredMeanwhile: another request with the same key was committed first.
    """
    if repeat is None:
        return
    sealed = work.keys.seal(work.entropy, json.dumps(answer).encode(), _about(work, repeat))
    Answers(work).add(repeat.caller, repeat.key, repeat.body_digest, sealed)


def _about(work: Work, repeat: RepeatKey) -> str:
    return f"answer {work.tenant} {repeat.caller} {repeat.key}"
