"""How long a credential that was right is taken at its word."""

from watchword.accounts.gate import REMEMBERED_SECONDS, RENEWED_SECONDS, CredentialMemory


class Moments:
    """A steady clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_never_right_is_not_known() -> None:
    assert not CredentialMemory().knows("digest")


def test_what_was_right_is_known_for_a_minute_and_no_longer() -> None:
    moments = Moments()
    memory = CredentialMemory(moments)
    memory.keep("digest")
    moments.now += REMEMBERED_SECONDS - RENEWED_SECONDS - 1
    assert memory.knows("digest")
    moments.now += RENEWED_SECONDS + 1
    assert not memory.knows("digest")


def test_towards_the_end_one_caller_hashes_for_all() -> None:
    moments = Moments()
    memory = CredentialMemory(moments)
    memory.keep("digest")
    moments.now += REMEMBERED_SECONDS - 1
    assert [memory.knows("digest") for _ in range(3)] == [False, True, True]
    memory.keep("digest")
    moments.now += REMEMBERED_SECONDS - RENEWED_SECONDS - 1
    assert memory.knows("digest")


def test_a_renewal_that_fails_ends_with_the_minute() -> None:
    moments = Moments()
    memory = CredentialMemory(moments)
    memory.keep("digest")
    moments.now += REMEMBERED_SECONDS - 1
    assert not memory.knows("digest")
    moments.now += 1
    assert not memory.knows("digest")
