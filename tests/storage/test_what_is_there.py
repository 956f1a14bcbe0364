"""What a start says of a database or of keys that it cannot use."""

from pathlib import Path

import pytest

from tests.world import settings_of
from watchword.accounts.store.users import Users
from watchword.installation import CannotStart, open_installation
from watchword.web.model import SUPER_TENANT


def _open(data: Path, **changes: str) -> None:
    settings = settings_of("wso2", data, changes)
    with open_installation(settings, create=True, environment={}) as installation:
        installation.works.do(SUPER_TENANT, lambda work: Users(work).has_administrator(), reading=True)


def test_a_first_start_makes_its_keys(tmp_path: Path) -> None:
    _open(tmp_path)
    assert (tmp_path / "keys" / "secret.key").stat().st_mode & 0o077 == 0
    _open(tmp_path)


def test_no_keys_are_made_beside_a_database_that_has_lost_its_own(tmp_path: Path) -> None:
    _open(tmp_path)
    (tmp_path / "keys" / "secret.key").unlink()
    with pytest.raises(Exception, match="no key file"):
        _open(tmp_path)
    assert not (tmp_path / "keys" / "secret.key").exists()


def test_the_keys_of_another_installation_are_refused(tmp_path: Path) -> None:
    _open(tmp_path)
    (tmp_path / "keys" / "secret.key").write_text("ab" * 32, encoding="ascii")
    with pytest.raises(CannotStart, match="not the one that this database was begun with"):
        _open(tmp_path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    _open(tmp_path)
    for log in tmp_path.glob("watchword.db-*"):
        log.unlink()
    (tmp_path / "watchword.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(CannotStart, match=r"watchword\.db"):
        _open(tmp_path)


@pytest.mark.parametrize("url", ["postgresql://[::1", "postgresql://127.0.0.1:1/nothing"])
def test_a_server_that_cannot_be_reached_is_no_busy_one(tmp_path: Path, url: str) -> None:
    _open(tmp_path)  # makes the keys
    with pytest.raises(CannotStart, match="the database cannot be"):
        _open(tmp_path, **{"watchword.database.url": url})
