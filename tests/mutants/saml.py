"""Defects in SAML."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from tests.mutants.planting import plant
from watchword.saml import building, carrying, reading
from watchword.saml.usecases import logout, sign_on
from watchword.web.model import Reply


def saml_01() -> None:
    """Let an address pass that begins as a registered one does."""

    def lenient(choose: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def chosen(provider: Any, url: str, index: int | None = None) -> str:  # noqa: ANN401  # a service provider
            begins = any(url.startswith(each) for each in provider.acs_urls)
            return url if url and begins else str(choose(provider, url, index))

        return chosen

    plant(sign_on, "choose_acs", lenient)


def saml_03() -> None:
    """Verify the query as we would have written it."""

    def rewritten(_: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def signature(raw: dict[str, str], name: str) -> reading.QuerySignature | None:
            if "Signature" not in raw:
                return None
            order = [each for each in (name, "RelayState", "SigAlg") if each in raw]
            signed = "&".join(f"{each}={quote_plus(unquote_plus(raw[each]))}" for each in order)
            made = reading._decode(unquote_plus(raw["Signature"]))  # noqa: SLF001  # a defect is made of its neighbours
            return reading.QuerySignature(signed.encode(), unquote_plus(raw["SigAlg"]), made)

        return signature

    plant(reading, "_query_signature", rewritten)


def saml_05() -> None:
    """Say nothing of the recipient."""

    def silent(build: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def built(root: Any, statement: Any) -> None:  # noqa: ANN401  # passed on
            build(root, statement)
            for element in root.iter("{*}SubjectConfirmationData"):
                del element.attrib["Recipient"]

        return built

    plant(building, "_subject", silent)


def saml_06() -> None:
    """Go where the RelayState says."""

    def going(login: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def gone(self: Any, ask: Any, form: Any) -> Reply:  # noqa: ANN401  # passed on
            state = form.fields.get("RelayState", "")
            if "://" in state:
                return Reply(status=302, headers={"Location": state})
            return login(self, ask, form)  # type: ignore[no-any-return]  # a reply

        return gone

    plant(carrying.Carrying, "login", going)


def saml_08() -> None:
    """Log out whoever is named, whoever asks."""
    plant(logout, "_session_of", lambda whole: lambda *rest, proven: whole(*rest, proven=True))


def saml_09() -> None:
    """Take everybody for somebody who wants it."""

    def willing(find: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def found(*rest: Any) -> Any:  # noqa: ANN401  # passed on
            sender = find(*rest)
            return replace(sender, provider=replace(sender.provider, idp_initiated_sso=True))

        return found

    plant(sign_on, "find_sender", willing)
