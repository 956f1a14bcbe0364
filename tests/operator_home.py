"""A home folder to write into, for tests of settings."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from watchword.base.home import load_settings
from watchword.base.operator_files import SettingsRefused
from watchword.base.settings import Settings
from watchword.tenants.policies import all_properties


class Home:
    """A folder of an operator, and what a server makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, path: str = "deployment.toml") -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def load(
        self,
        *,
        overrides: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        dev: bool = False,
    ) -> Settings:
        return load_settings(
            self.folder, properties=all_properties(), overrides=overrides, environment=environment, dev=dev
        )

    def refusal(self, **how: bool) -> str:
        with pytest.raises(SettingsRefused) as caught:
            self.load(**how)  # type: ignore[arg-type]  # only `dev` is passed on
        return str(caught.value)
