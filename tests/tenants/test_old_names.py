"""Properties that earlier releases call otherwise, and policies that no connector of theirs shows."""

from tests.tenants.kit import Server
from watchword.tenants.policies import AccountLocking, Sessions
from watchword.tenants.usecases import change_policy, read_policy, revert_policies

OLD = "account.lock.handler.enable"


def is_locking(server: Server) -> bool:
    return server.do(lambda work: read_policy(work, AccountLocking)).enabled


def test_an_old_name_decides_the_same_property(server: Server) -> None:
    assert is_locking(server)
    server.do(lambda work: change_policy(work, "account.lock.handler", {OLD: "false"}))
    assert not is_locking(server)
    server.do(lambda work: revert_policies(work, [OLD]))
    assert is_locking(server)


def test_wrong_guesses_lock_nobody_out_under_recommended(server: Server) -> None:
    assert not is_locking(server.with_settings(security_profile="recommended"))


def test_a_session_ends_unused_after_what_the_profile_says(server: Server) -> None:
    assert server.do(lambda work: read_policy(work, Sessions)).idle_minutes == 15
    strict = server.with_settings(security_profile="recommended")
    assert strict.do(lambda work: read_policy(work, Sessions)) == Sessions(
        idle_minutes=60, remember_minutes=20160, absolute_hours=24
    )
