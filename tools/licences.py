"""Fail when something in the environment comes under a licence that the project does not accept.

Reads what the installed packages say of themselves; docs/decisions/0001-dependencies.md says which licences and why.
"""

import re
import sys
from importlib.metadata import Distribution, distributions

ACCEPTED = re.compile(
    r"apache|\bbsd|\bmit\b|\bmit-0\b|mozilla|\bmpl|\bpsf|python software foundation|cnri-python", re.IGNORECASE
)
REFUSED = re.compile(r"\b(a|l)?gpl|gnu|unlicense|proprietary|commercial", re.IGNORECASE)
# What a package leaves unsaid or says unclearly in its metadata, read from its licence file.
READ_BY_HAND = {
    "tzdata": "Apache-2.0",
}


def licence(package: Distribution) -> str:
    """Return the best of what a package says about its licence: expression, classifiers, or first line of text."""
    name = package.metadata["Name"]
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    expressions = package.metadata.get_all("License-Expression", [])
    classified = [line for line in package.metadata.get_all("Classifier", []) if line.startswith("License ::")]
    texts = package.metadata.get_all("License", [])
    return "; ".join(expressions or classified or [text.strip().partition("\n")[0] for text in texts])


def is_accepted(words: str) -> bool:
    """Tell whether one of the offered licences is accepted, and none that is not optional is refused."""
    offers = re.split(r"\bOR\b|;", words)
    return any(ACCEPTED.search(offer) and not REFUSED.search(offer) for offer in offers)


def main() -> int:
    """Name each package that may not be here."""
    found = sorted((package.metadata["Name"], licence(package)) for package in distributions())
    wrong = [f"{name}: {words or 'says nothing'}" for name, words in found if not is_accepted(words)]
    print("\n".join(wrong) or f"{len(found)} packages, all under accepted licences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
