// A site on @node-saml/node-saml, as strict as the library comes: it wants both signatures.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const told = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { SAML } = createRequire(told.modules)("@node-saml/node-saml");
const metadata = readFileSync(told.idp_metadata, "utf8");
const certificates = [...metadata.matchAll(/<[^\/][^>]*X509Certificate>([^<]+)</g)].map((found) => found[1].replace(/\s/g, ""));
const address = (service) => metadata.match(new RegExp(`<[^>]*${service}[^>]*HTTP-Redirect[^>]*>`))[0].match(/ Location="([^"]+)"/)[1];
const key = readFileSync(told.key, "utf8");
const certificate = readFileSync(told.certificate, "utf8");
const mobile = "http://wso2.org/claims/mobile";

const saml = new SAML({
  callbackUrl: `${told.base_url}/acs`,
  logoutCallbackUrl: `${told.base_url}/slo`,
  entryPoint: address("SingleSignOnService"),
  logoutUrl: address("SingleLogoutService"),
  issuer: told.entity_id,
  audience: told.entity_id,
  idpIssuer: "localhost",
  idpCert: certificates,
  privateKey: key,
  publicCert: certificate,
  decryptionPvk: key,
  signatureAlgorithm: "sha256",
  digestAlgorithm: "sha256",
  identifierFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
  // "always" makes it refuse every LogoutResponse that comes by POST: it looks for InResponseTo in a Response only.
  validateInResponseTo: "ifPresent",
});
const sessions = new Map();

async function answer(path, query, fields, posted, session) {
  if (path === "/login") return { location: await saml.getAuthorizeUrlAsync("/whoami", undefined, {}) };
  if (path === "/metadata") return { body: saml.generateServiceProviderMetadata(certificate, certificate) };
  if (path === "/bye") return { body: "bye" };
  if (path === "/whoami") {
    return session.profile
      ? { body: JSON.stringify({ name: session.profile.nameID, mobile: session.profile[mobile] ?? null }) }
      : { status: 401 };
  }
  if (path === "/acs") {
    const { profile } = await saml.validatePostResponseAsync(fields);
    session.profile = profile;
    return { location: "/whoami" };
  }
  if (path === "/logout") return { location: await saml.getLogoutUrlAsync(session.profile, "/bye", {}) };
  if (path === "/slo") {
    const { loggedOut, profile } = posted
      ? await (fields.SAMLRequest ? saml.validatePostRequestAsync(fields) : saml.validatePostResponseAsync(fields))
      : await saml.validateRedirectAsync(fields, query);
    session.profile = undefined;
    if (!fields.SAMLRequest) return { body: loggedOut ? "bye" : "not logged out", status: loggedOut ? 200 : 403 };
    return { location: await saml.getLogoutResponseUrlAsync(profile, fields.RelayState ?? "", {}, true) };
  }
  return { status: 404 };
}

createServer(async (request, response) => {
  const url = new URL(request.url, told.base_url);
  let body = "";
  for await (const piece of request) body += piece;
  const posted = request.method === "POST";
  const fields = Object.fromEntries(new URLSearchParams(posted ? body : url.search));
  const name = `peer${told.port}`;
  const cookie = (request.headers.cookie ?? "").match(new RegExp(`${name}=([^;]+)`))?.[1] ?? randomUUID();
  if (!sessions.has(cookie)) sessions.set(cookie, {});
  let said;
  try {
    said = await answer(url.pathname, url.search.slice(1), fields, posted, sessions.get(cookie));
  } catch (problem) {
    console.error(problem);
    said = { status: 403, body: "refused" };
  }
  response.setHeader("Set-Cookie", `${name}=${cookie}; Path=/; HttpOnly`);
  if (said.location) response.setHeader("Location", said.location);
  response.writeHead(said.status ?? (said.location ? 302 : 200));
  response.end(said.body ?? "");
}).listen(told.port, "127.0.0.1");
