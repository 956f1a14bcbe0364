"""Files of a WSO2 server."""

from pathlib import Path

import pytest

from tests.applications.kit import MOBILE, body_of, certificate
from tests.cli_terminal import Terminal

SMSOTP = """<?xml version="1.0" encoding="UTF-8"?>
<IdentityProvider>
  <IdentityProviderName>SMSOTP</IdentityProviderName>
  <IdentityProviderDescription>carries codes</IdentityProviderDescription>
  <Alias/><IsPrimary>false</IsPrimary>
  <DefaultAuthenticatorConfig><FederatedAuthenticatorConfig>
    <Name>SMSOTP</Name><DisplayName>SMSOTP</DisplayName><IsEnabled>true</IsEnabled><Properties/>
  </FederatedAuthenticatorConfig></DefaultAuthenticatorConfig>
  <FederatedAuthenticatorConfigs>
    <FederatedAuthenticatorConfig>
      <Name>SMSOTP</Name><DisplayName>SMSOTP</DisplayName><IsEnabled>true</IsEnabled>
      <Properties>
        <Property><Name>sms_url</Name><Value>https://sms.example/send?to=$ctx.num</Value></Property>
        <Property><Name>http_method</Name><Value>POST</Value></Property>
        <Property><Name>headers</Name><Value>Authorization: bearer s3cret</Value></Property>
        <Property><Name>colour</Name><Value>red</Value></Property>
      </Properties>
    </FederatedAuthenticatorConfig>
    <FederatedAuthenticatorConfig><Name>FacebookAuthenticator</Name><IsEnabled>false</IsEnabled></FederatedAuthenticatorConfig>
  </FederatedAuthenticatorConfigs>
</IdentityProvider>
"""
DTO = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?><samlssoServiceProviderDTO>
<issuer>travelocity.com</issuer>
<assertionConsumerUrls><assertionConsumerUrl>http://localhost:8080/travelocity.com/home.jsp</assertionConsumerUrl></assertionConsumerUrls>
<defaultAssertionConsumerUrl>http://localhost:8080/travelocity.com/home.jsp</defaultAssertionConsumerUrl>
<certAlias>wso2carbon</certAlias>
<doSingleLogout>true</doSingleLogout><doFrontChannelLogout>true</doFrontChannelLogout>
<frontChannelLogoutBinding>HTTPPostBinding</frontChannelLogoutBinding>
<doSignResponse>true</doSignResponse><doSignAssertions>true</doSignAssertions>
<requestedAudiences><requestedAudience>urn:shop</requestedAudience></requestedAudiences>
<enableAttributeProfile>true</enableAttributeProfile><enableAttributesByDefault>true</enableAttributesByDefault>
<nameIDFormat>urn/oasis/names/tc/SAML/1.1/nameid-format/emailAddress</nameIDFormat>
<doEnableEncryptedAssertion>ENCRYPTED</doEnableEncryptedAssertion>
<doValidateSignatureInRequests>true</doValidateSignatureInRequests>
<signingAlgorithmURI>http://www.w3.org/2000/09/xmldsig#rsa-sha1</signingAlgorithmURI>
<digestAlgorithmURI>http://www.w3.org/2001/04/xmlenc#sha256</digestAlgorithmURI>
</samlssoServiceProviderDTO>"""
INBOUND = """<inboundConfiguration><![CDATA[
  DTO
]]></inboundConfiguration>"""
SHOP = """<ServiceProvider>
  <ApplicationName>travelocity.com</ApplicationName><Description>the shop</Description>
  CERTIFICATE
  <InboundAuthenticationConfig><InboundAuthenticationRequestConfigs>
    <InboundAuthenticationRequestConfig>
      <InboundAuthKey>travelocity.com</InboundAuthKey><InboundAuthType>samlsso</InboundAuthType>INBOUND
    </InboundAuthenticationRequestConfig>
    <InboundAuthenticationRequestConfig>
      <InboundAuthKey>travelocity.com</InboundAuthKey><InboundAuthType>passivests</InboundAuthType>
    </InboundAuthenticationRequestConfig>
  </InboundAuthenticationRequestConfigs></InboundAuthenticationConfig>
  <LocalAndOutBoundAuthenticationConfig>
    <AuthenticationSteps>
      <AuthenticationStep><StepOrder>2</StepOrder>
        <FederatedIdentityProviders><IdentityProvider>
          <IdentityProviderName>SMSOTP</IdentityProviderName>
          <DefaultAuthenticatorConfig><FederatedAuthenticatorConfig><Name>SMSOTP</Name></FederatedAuthenticatorConfig></DefaultAuthenticatorConfig>
        </IdentityProvider></FederatedIdentityProviders>
      </AuthenticationStep>
      <AuthenticationStep><StepOrder>1</StepOrder>
        <LocalAuthenticatorConfigs><LocalAuthenticatorConfig><Name>BasicAuthenticator</Name></LocalAuthenticatorConfig></LocalAuthenticatorConfigs>
        <SubjectStep>true</SubjectStep><AttributeStep>true</AttributeStep>
      </AuthenticationStep>
    </AuthenticationSteps>
    <AuthenticationType>flow</AuthenticationType>
    <UseTenantDomainInUsername>true</UseTenantDomainInUsername>
    <subjectClaimUri> <!-- none --> </subjectClaimUri>
  </LocalAndOutBoundAuthenticationConfig>
  <ClaimConfig><LocalClaimDialect>true</LocalClaimDialect><ClaimMappings><ClaimMapping>
    <LocalClaim><ClaimUri>http://wso2.org/claims/mobile</ClaimUri></LocalClaim>
    <RemoteClaim><ClaimUri>http://wso2.org/claims/mobile</ClaimUri></RemoteClaim>
    <RequestClaim>true</RequestClaim><MandatoryClaim>true</MandatoryClaim>
  </ClaimMapping></ClaimMappings></ClaimConfig>
  <IsSaaSApp>true</IsSaaSApp>
</ServiceProvider>
"""
CONFIGURED = """<SSOIdentityProviderConfig xmlns="http://wso2.org/projects/carbon"><ServiceProviders><ServiceProvider>
  <Issuer>travelocity.com</Issuer>
  <AssertionConsumerServiceURLs><AssertionConsumerServiceURL>https://shop.example/acs</AssertionConsumerServiceURL></AssertionConsumerServiceURLs>
  <EnableSingleLogout>true</EnableSingleLogout><SignResponse>true</SignResponse>
  <ValidateSignatures>false</ValidateSignatures><EncryptAssertion>false</EncryptAssertion>
  <EnableAttributeProfile>true</EnableAttributeProfile><IncludeAttributeByDefault>true</IncludeAttributeByDefault>
  <EnableAudienceRestriction>false</EnableAudienceRestriction><AudiencesList><Audience>urn:never</Audience></AudiencesList>
</ServiceProvider></ServiceProviders></SSOIdentityProviderConfig>
"""


def shop(*, encrypted: bool = False, pem: str = "", inbound: str = INBOUND) -> str:
    dto = DTO.replace("ENCRYPTED", "true" if encrypted else "false")
    held = f"<CertificateContent>{pem}</CertificateContent>" if pem else ""
    return SHOP.replace("INBOUND", inbound.replace("DTO", dto)).replace("CERTIFICATE", held)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder like that of service providers, with the carrier of codes in it."""
    place = tmp_path / "identity" / "service-providers"
    place.mkdir(parents=True)
    (place / "SMSOTP.xml").write_text(SMSOTP)
    return place


def test_what_a_console_exports_is_taken_over(terminal: Terminal, folder: Path) -> None:
    (folder / "shop.xml").write_text(shop())
    ran = terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml"))
    assert ran.status == 0, ran.err
    for note in ("colour", "FacebookAuthenticator", "passivests", "wso2carbon", "rsa-sha1"):
        assert any(note in line for line in ran.out.splitlines() if "note:" in line), note
    assert "s3cret" not in ran.out
    known = terminal.ask("application", "show", "travelocity.com")
    steps = known["authenticationSequence"]["steps"]
    assert [each["options"][0]["authenticator"] for each in steps] == ["BasicAuthenticator", "SMSOTP"]
    assert known["claimConfiguration"]["requestedClaims"] == [{"claim": {"uri": MOBILE}, "mandatory": True}]
    assert known["claimConfiguration"]["subject"]["includeTenantDomain"] is True
    assert known["advancedConfigurations"]["saas"] is True
    saml = known["inboundProtocolConfiguration"]["saml"]["manualConfiguration"]
    assert saml["assertionConsumerUrls"] == ["http://localhost:8080/travelocity.com/home.jsp"]
    assert saml["singleLogoutProfile"]["logoutMethod"] == "FRONTCHANNEL_HTTP_POST"
    assert saml["singleSignOnProfile"]["assertion"]["nameIdFormat"].endswith("nameid-format:emailAddress")
    assert saml["singleSignOnProfile"]["assertion"]["audiences"] == ["urn:shop"]
    assert saml["attributeProfile"]["alwaysIncludeAttributesInResponse"] is True
    assert saml["responseSigning"] == {"enabled": True, "signingAlgorithm": ""}
    again = terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml"), "--json")
    assert [each["outcome"] for each in again.document["objects"]] == ["unchanged", "unchanged"]


def test_a_certificate_in_the_file_is_used(terminal: Terminal, folder: Path) -> None:
    (folder / "shop.xml").write_text(shop(pem=body_of(certificate()), encrypted=True))
    assert terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml")).status == 0
    saml = terminal.ask("application", "show", "travelocity.com")["inboundProtocolConfiguration"]["saml"]
    assert saml["manualConfiguration"]["requestValidation"]["enableSignatureValidation"] is True
    assert saml["manualConfiguration"]["singleSignOnProfile"]["assertion"]["encryption"]["enabled"] is True


def test_what_was_encrypted_is_not_sent_in_clear(terminal: Terminal, folder: Path) -> None:
    (folder / "shop.xml").write_text(shop(encrypted=True))
    ran = terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml"))
    assert (ran.status, "encryption.enabled" in ran.err) == (1, True)
    assert terminal.ask("application", "list")["applications"] == []


def test_the_saml_part_may_stand_in_the_file_of_all(terminal: Terminal, folder: Path) -> None:
    (folder / "shop.xml").write_text(shop(inbound=""))
    ran = terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml"))
    assert (ran.status, "sso-idp-config.xml" in ran.err) == (1, True)
    (folder.parent / "sso-idp-config.xml").write_text(CONFIGURED)
    ran = terminal.run("apply", str(folder / "SMSOTP.xml"), str(folder / "shop.xml"))
    assert ran.status == 0, ran.err
    saml = terminal.ask("application", "show", "travelocity.com")["inboundProtocolConfiguration"]["saml"]
    assert saml["manualConfiguration"]["assertionConsumerUrls"] == ["https://shop.example/acs"]
    assert saml["manualConfiguration"]["singleSignOnProfile"]["assertion"]["audiences"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<Shop/>", "begins with Shop"),
        ("no xml", "cannot be read"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ServiceProvider>&e;</ServiceProvider>', "DOCTYPE"),
        ("<ServiceProvider><ApplicationName>a/b</ApplicationName></ServiceProvider>", "name"),
    ],
)
def test_what_is_no_such_file_is_refused(terminal: Terminal, folder: Path, text: str, told: str) -> None:
    file = folder / "wrong.xml"
    file.write_text(text)
    ran = terminal.run("apply", str(file))
    assert (ran.status, str(file) in ran.err, told in ran.err) == (1, True, True)
