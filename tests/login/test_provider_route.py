"""The providers of identity providers, as senders."""

from dataclasses import replace

from tests.login.stage import USUAL_RECIPE, Scene, Stage, StageMaker, answer
from tests.login.visitor import BASIC, Visitor, add_application
from tests.world import OTHER_TENANT, PASSWORD, START
from watchword.accounts.claims import MOBILE
from watchword.applications.authenticators import SMS_OTP
from watchword.applications.model import IdentityProvider, Option, ProviderAuthenticator
from watchword.applications.store import IdentityProviders
from watchword.storage.schema import messages
from watchword.storage.work import Work


def test_a_tenant_sends_by_its_own_identity_provider(stages: StageMaker) -> None:
    stage = stages(Scene())
    fields = stage.here({**USUAL_RECIPE, "payload": '{"to":"$ctx.num","acme":"$ctx.otp"}'})
    configured = ProviderAuthenticator(name=SMS_OTP, enabled=True, properties=fields)
    provider = IdentityProvider(
        id="idp-sms", name="theirs", authenticators=(configured,), created_at=START, modified_at=START
    )
    stage.world.change(lambda work: IdentityProviders(work).add(provider), OTHER_TENANT)
    app = add_application(stage.world, "demo", (BASIC,), (Option("idp-sms", SMS_OTP),), tenant=OTHER_TENANT)
    stage.world.add_person("ann", tenant=OTHER_TENANT, claims={MOBILE: "+94771111111"})
    visitor = Visitor(stage.world)
    visitor.begin(app, tenant=OTHER_TENANT)
    visitor.answer({"username": "ann", "password": PASSWORD}, tenant=OTHER_TENANT)
    assert visitor.location.startswith(
        f"http://localhost:9443/t/{OTHER_TENANT}/smsotpauthenticationendpoint/smsotp.jsp"
    )
    [request] = stage.requests
    assert request.json["acme"] == stage.code  # type: ignore[index]  # a document
    visitor.answer({"OTPcode": stage.code, "resendCode": "false"}, tenant=OTHER_TENANT)
    assert visitor.page == "/test-return"


def test_a_provider_that_is_switched_off_meanwhile_sends_nothing(stages: StageMaker) -> None:
    stage = stages(Scene())
    assert stage.sms is not None
    _switch_off(stage, stage.sms)
    routes, route = stage.world.installation.routes, stage.sms
    assert stage.world.do(lambda work: routes.sender(work, route)) is None
    assert stage.world.do(lambda work: routes.sender(work, "idp-nobody")) is None


def test_what_was_changed_counts_at_the_next_message(stages: StageMaker) -> None:
    stage = stages(Scene())
    routes, route = stage.world.installation.routes, stage.sms
    assert route is not None
    first = stage.world.do(lambda work: routes.sender(work, route))
    assert stage.world.do(lambda work: routes.sender(work, route)) is first
    stage.configure(payload="to=$ctx.num")
    assert stage.world.do(lambda work: routes.sender(work, route)) is not first


def test_what_a_provider_said_is_kept_sealed_and_without_the_code(stages: StageMaker) -> None:
    stage = stages(
        Scene(idp={**USUAL_RECIPE, "show_detailed_error_info": "true"}, answers=[answer(400, "no such number")])
    )
    stage.sign_in("demo", "alice")
    assert stage.page == "error"
    [row] = stage.world.rows(messages)
    assert (row["state"], row["reply_status"], row["route"]) == ("failed", 400, "idp-sms")
    assert row["sealed"] is None
    assert b"no such number" not in row["reply"]


def _switch_off(stage: Stage, provider_id: str) -> None:
    def change(work: Work) -> None:
        providers = IdentityProviders(work)
        before = providers.fresh(provider_id)
        assert before is not None
        providers.replace(before, replace(before, enabled=False))

    stage.world.change(change)
