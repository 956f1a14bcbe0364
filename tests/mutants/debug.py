"""No defect: the log says everything that it can say."""

import logging
from typing import Any

from tests.mutants.planting import plant
from watchword.cli import serving


def debug() -> None:
    """Log at DEBUG, and let no library be silenced."""

    def talkative(set_up_log: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def set_up(**how: Any) -> None:  # noqa: ANN401  # passed on
            set_up_log(**{**how, "level": logging.DEBUG})
            for name in list(logging.root.manager.loggerDict):
                logging.getLogger(name).setLevel(logging.DEBUG)

        return set_up

    plant(serving, "set_up_log", talkative)
