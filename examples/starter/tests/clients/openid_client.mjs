// openid-client goes through the flows of a web application, as a program that somebody else wrote would.
//
// The only setting is that http is fine. Argument: where the service is, and who is in it, as JSON. It is read from
// the standard input in the folder with the packages: `node --input-type=module - JSON < openid_client.mjs`.

import assert from "node:assert/strict";
import * as oidc from "openid-client";

const world = JSON.parse(process.argv[2]);
const callback = "https://app.example/callback";
const after = "https://app.example/bye";

/** Registers a program with the tenant. */
async function register(fields) {
  const response = await fetch(`${world.url}/api/v1/clients`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      name: "Elsewhere",
      redirect_uris: [callback],
      post_logout_redirect_uris: [after],
      scopes: ["projects:read"],
      ...fields,
    }),
  });
  assert.equal(response.status, 201, await response.clone().text());
  return response.json();
}

/** Somebody with a browser that runs no scripts. */
class Person {
  cookies = new Map();

  async send(address, form) {
    const headers = { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") };
    if (form) headers.origin = new URL(address).origin;
    const options = { headers, method: form ? "POST" : "GET", body: form, redirect: "manual" };
    const response = await fetch(address, options);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.cookies.set(name, value);
    }
    return response;
  }

  /** Follows an address until it leads to another host, signs in and allows on the way. */
  async approves(address) {
    const home = address.host;
    for (let form, step = 0; step < 10; step++) {
      const response = await this.send(address, form);
      const page = await response.text();
      const refresh = /http-equiv="refresh" content="0; url=([^"]*)"/.exec(page);
      const onward = response.headers.get("location") ?? refresh?.[1];
      form = undefined;
      if (onward) {
        address = new URL(onward, address);
        if (address.host !== home) return address;
        continue;
      }
      assert.equal(response.status, 200, page);
      [address, form] = this.fill(page, address);
    }
    assert.fail(`the pages lead nowhere: ${address}`);
  }

  /** Fills the last form of a page, which is the one of its contents. */
  fill(page, address) {
    const text = page.slice(page.lastIndexOf("<form"));
    const form = new URLSearchParams();
    for (const [tag] of text.matchAll(/<(?:input|button)[^>]*>/g)) {
      const [name, value] = ["name", "value"].map((key) => new RegExp(` ${key}="([^"]*)"`).exec(tag)?.[1]);
      if (name) form.set(name, value ?? "");
    }
    const known = { username: world.email, password: world.password, answer: "allow" };
    for (const name in known) if (form.has(name)) form.set(name, known[name]);
    return [new URL(/action="([^"]*)"/.exec(text)[1], address), form];
  }
}

async function signsIn(method, authentication, algorithm, pushed) {
  const issuer = `${world.url}/t/${world.slug}`;
  const client = await register({ auth_method: method });
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
  const landed = await new Person().approves(address);
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
  const gone = await new Person().approves(out);
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
