// openid-client goes through the flows of a web application, as a program that somebody else wrote would.
//
// The only setting is that http is fine. Arguments: where `person.mjs` is; where the service is, and who is in it, as
// JSON. It is read from the standard input in the folder with the packages.

import assert from "node:assert/strict";
import * as oidc from "openid-client";

const { Person, after, callback, register } = await import(process.argv[2]);
const world = JSON.parse(process.argv[3]);

async function signsIn(method, authentication, algorithm, pushed) {
  const issuer = `${world.url}/t/${world.slug}`;
  const client = await register(world, { auth_method: method });
  const config = await oidc.discovery(
    new URL(issuer),
    client.id,
    client.secret ?? undefined,
    authentication?.(client.secret),
    { algorithm, execute: [oidc.allowInsecureRequests] },
  );
  assert.equal(config.serverMetadata().issuer, issuer);
  assert.ok(config.serverMetadata().supportsPKCE());

  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const asked = {
    redirect_uri: callback,
    scope: "openid profile email offline_access projects:read",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  };
  const address = pushed
    ? await oidc.buildAuthorizationUrlWithPAR(config, asked)
    : oidc.buildAuthorizationUrl(config, asked);
  assert.equal(address.searchParams.has("request_uri"), pushed);
  const landed = await new Person(world).approves(address);
  assert.equal(landed.searchParams.get("iss"), issuer);

  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  // The answer of another server is refused by the client, whatever else is right (RFC 9207).
  const mixed = new URL(landed);
  mixed.searchParams.set("iss", "https://evil.example");
  await assert.rejects(oidc.authorizationCodeGrant(config, mixed, checks));

  const tokens = await oidc.authorizationCodeGrant(config, landed, checks);
  const { sub } = tokens.claims();
  assert.equal(tokens.claims().iss, issuer);
  const person = await oidc.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(person.email, world.email);
  const projects = new URL(`${world.url}/api/v1/projects`);
  const list = await oidc.fetchProtectedResource(config, tokens.access_token, projects, "GET");
  assert.equal(list.status, 200);

  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  assert.equal(fresh.claims().sub, sub);
  if (client.secret) {
    const known = await oidc.tokenIntrospection(config, fresh.access_token);
    assert.equal(known.active, true);
    assert.equal(known.iss, issuer);
  }

  const out = oidc.buildEndSessionUrl(config, {
    post_logout_redirect_uri: after,
    id_token_hint: fresh.id_token,
    state: "bye",
  });
  const gone = await new Person(world).approves(out);
  assert.equal(gone.href, `${after}?state=bye`);
  await oidc.tokenRevocation(config, fresh.refresh_token);
  await assert.rejects(
    oidc.refreshTokenGrant(config, fresh.refresh_token),
    (refusal) => refusal.error === "invalid_grant",
  );
  console.log(method, algorithm, pushed ? "pushed" : "");
}

// The documents of OpenID Connect and of RFC 8414 are at different addresses where the issuer has a path.
await signsIn("none", undefined, "oidc", false);
await signsIn("client_secret_basic", oidc.ClientSecretBasic, "oauth2", true);
await signsIn("client_secret_post", oidc.ClientSecretPost, "oidc", true);
