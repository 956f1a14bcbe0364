# A site on omniauth-saml, which is ruby-saml behind a Rack application; as it comes, but for SHA-256.
require "json"
require "omniauth"
require "omniauth-saml"

TOLD = JSON.parse(File.read(ENV.fetch("SITE")))
MOBILE = "http://wso2.org/claims/mobile"
OmniAuth.config.allowed_request_methods = [:get, :post]
OmniAuth.config.silence_get_warning = true
OmniAuth.config.request_validation_phase = nil

idp = OneLogin::RubySaml::IdpMetadataParser.new.parse_to_hash(File.read(TOLD["idp_metadata"]), sso_binding: [OneLogin::RubySaml::Utils::BINDINGS[:redirect]], slo_binding: [OneLogin::RubySaml::Utils::BINDINGS[:redirect]])
choices = {
  sp_entity_id: TOLD["entity_id"],
  # Without it the address is that of the request, query and all, which no identity provider knows.
  assertion_consumer_service_url: "#{TOLD["base_url"]}/auth/saml/callback",
  single_logout_service_url: "#{TOLD["base_url"]}/auth/saml/slo",
  slo_default_relay_state: "/bye",
  certificate: File.read(TOLD["certificate"]),
  private_key: File.read(TOLD["key"]),
  security: {
    authn_requests_signed: true,
    logout_requests_signed: true,
    logout_responses_signed: true,
    want_assertions_signed: true,
    digest_method: XMLSecurity::Document::SHA256,
    signature_method: XMLSecurity::Document::RSA_SHA256,
  },
}

use Rack::Session::Cookie, secret: "x" * 64, key: "peer#{TOLD["port"]}"
use OmniAuth::Strategies::SAML, choices.merge(idp)

run(lambda do |environment|
  session = environment["rack.session"]
  case Rack::Request.new(environment).path
  when "/auth/saml/callback"
    told = environment["omniauth.auth"]
    session["name"] = told.uid
    session["mobile"] = told.extra.raw_info[MOBILE]
    [302, { "Location" => "/whoami" }, []]
  when "/whoami"
    known = session.to_hash.slice("name", "mobile")
    known.empty? ? [401, {}, ["nobody"]] : [200, { "Content-Type" => "application/json" }, [JSON.dump(known)]]
  when "/bye"
    session.clear
    [200, {}, ["bye"]]
  else
    [403, {}, ["refused"]]
  end
end)
