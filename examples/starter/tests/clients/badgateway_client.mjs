// @badgateway/oauth2-client goes through the flows of OAuth, as a program that somebody else wrote would.
//
// Arguments: where `person.mjs` is; where the service is, and who is in it, as JSON. It is read from the standard input
// in the folder with the packages.

import assert from "node:assert/strict";
import { OAuth2Client, OAuth2Fetch, generateCodeVerifier } from "@badgateway/oauth2-client";

const { Person, callback, register } = await import(process.argv[2]);
const world = JSON.parse(process.argv[3]);
const projects = `${world.url}/api/v1/projects`;

function program(client) {
  const discoveryEndpoint = `${world.url}/t/${world.slug}/.well-known/oauth-authorization-server`;
  return new OAuth2Client({ clientId: client.id, clientSecret: client.secret ?? undefined, discoveryEndpoint });
}

async function signsIn(method) {
  const client = await register(world, { auth_method: method });
  const oauth = program(client);
  const codeVerifier = await generateCodeVerifier();
  const asked = { redirectUri: callback, state: "a state", codeVerifier };
  const scope = ["openid", "offline_access", "projects:read"];
  const address = await oauth.authorizationCode.getAuthorizeUri({ ...asked, scope });
  const landed = await new Person(world).approves(new URL(address));
  const token = await oauth.authorizationCode.getTokenFromCodeRedirect(landed, asked);
  assert.ok(token.idToken && token.refreshToken && token.expiresAt > Date.now(), JSON.stringify(token));

  // Its wrapper of `fetch` renews a token that was ended.
  const seen = [];
  const wrapper = new OAuth2Fetch({
    client: oauth,
    getNewToken: () => token,
    storeToken: (kept) => seen.push(kept),
    // A timer would keep this program running.
    scheduleRefresh: false,
  });
  assert.equal((await wrapper.fetch(projects)).status, 200);
  const old = await wrapper.getAccessToken();
  await wrapper.refreshToken();
  assert.notEqual(await wrapper.getAccessToken(), old);
  assert.equal((await wrapper.fetch(projects)).status, 200);
  const fresh = seen.at(-1);

  if (client.secret) {
    const known = await oauth.introspect(fresh);
    assert.equal(known.active, true);
    assert.equal(known.client_id, client.id);
  }
  await oauth.revoke(fresh, "refresh_token");
  await assert.rejects(oauth.refreshToken(fresh), (refusal) => refusal.oauth2Code === "invalid_grant");
  console.log("code:", method);
}

async function actsForItself(method) {
  const fields = { grants: ["client_credentials"], roles: ["user"], redirect_uris: [], post_logout_redirect_uris: [] };
  const oauth = program(await register(world, { ...fields, auth_method: method }));
  const token = await oauth.clientCredentials({ scope: ["projects:read"] });
  const response = await fetch(projects, { headers: { authorization: `Bearer ${token.accessToken}` } });
  assert.equal(response.status, 200);
  assert.equal((await oauth.introspect(token)).active, true);
  await oauth.revoke(token, "access_token");
  assert.equal((await oauth.introspect(token)).active, false);
  console.log("client credentials:", method);
}

for (const method of ["none", "client_secret_basic", "client_secret_post"]) await signsIn(method);
for (const method of ["client_secret_basic", "client_secret_post"]) await actsForItself(method);
