"""A fault that cannot be seen proves nothing: each check, against a server that has the defect it is there for."""

from collections.abc import Callable

import pytest

from tests.attacks.stage import Stage
from tests.faults import test_couriers, test_kill_points, test_login_kill_points

Play = Callable[[Stage], None]
SEEN_BY: dict[str, Play] = {
    "FAULT-02": test_kill_points.test_a_sign_up_that_is_killed_is_whole_or_was_never_there,
    "FAULT-04": test_kill_points.test_a_confirmation_that_is_killed_spends_no_code_without_opening_the_account,
    "FAULT-07": test_kill_points.test_a_sign_up_that_was_kept_before_the_answer_is_answered_again,
    "FAULT-51": test_login_kill_points.test_a_login_that_is_killed_between_its_steps_goes_on_or_begins_anew,
    "FAULT-52": test_login_kill_points.test_a_code_that_is_killed_is_taken_once_or_not_at_all,
    "FAULT-53": test_login_kill_points.test_a_backup_code_that_was_spent_stays_so,
    "FAULT-14": test_couriers.test_a_courier_that_dies_in_the_middle_of_a_call_sends_again,
}


@pytest.mark.long
@pytest.mark.parametrize("defect", SEEN_BY)
def test_a_defect_is_seen(make_stage: Callable[..., Stage], defect: str) -> None:
    with pytest.raises(AssertionError):
        SEEN_BY[defect](make_stage(mutant=defect))


@pytest.mark.long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_courier_that_writes_over_the_next_is_seen(make_stage: Callable[..., Stage]) -> None:
    with pytest.raises(AssertionError):
        test_couriers.test_a_courier_that_overslept_its_lease_does_not_write_over_the_next(
            make_stage(mutant="FAULT-15")
        )
