// simple-oauth2 goes through the flows of OAuth, as a program that somebody else wrote would.
//
// It knows no PKCE, so the program brings the two parameters itself. Arguments: where `person.mjs` is; where the service
// is, and who is in it, as JSON. It is read from the standard input in the folder with the packages.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { AuthorizationCode, ClientCredentials } from "simple-oauth2";

const { Person, callback, register } = await import(process.argv[2]);
const world = JSON.parse(process.argv[3]);

const metadata = await fetch(`${world.url}/t/${world.slug}/.well-known/oauth-authorization-server`);
const at = await metadata.json();

function configuration(client, method, paths) {
  const path = (address) => new URL(address).pathname;
  return {
    client: { id: client.id, secret: client.secret },
    auth: {
      tokenHost: world.url,
      tokenPath: path(at.token_endpoint),
      revokePath: path(at.revocation_endpoint),
      ...paths,
    },
    options: { authorizationMethod: method === "client_secret_post" ? "body" : "header" },
  };
}

async function projects(token) {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${world.url}/api/v1/projects`, { headers })).status;
}

for (const method of ["client_secret_basic", "client_secret_post"]) {
  const client = await register(world, { auth_method: method });
  const oauth = new AuthorizationCode(
    configuration(client, method, { authorizePath: new URL(at.authorization_endpoint).pathname }),
  );
  const verifier = randomBytes(32).toString("base64url");
  const address = oauth.authorizeURL({
    redirect_uri: callback,
    scope: ["openid", "offline_access", "projects:read"],
    state: "a state",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const landed = await new Person(world).approves(new URL(address));
  assert.equal(landed.searchParams.get("state"), "a state");
  const code = landed.searchParams.get("code");
  const token = await oauth.getToken({ code, redirect_uri: callback, code_verifier: verifier });
  assert.equal(await projects(token.token.access_token), 200);
  assert.equal(token.expired(), false);

  const fresh = await token.refresh();
  assert.notEqual(fresh.token.access_token, token.token.access_token);
  assert.equal(await projects(fresh.token.access_token), 200);
  await fresh.revokeAll();
  assert.equal(await projects(fresh.token.access_token), 401);
  await assert.rejects(fresh.refresh());
  console.log("code:", method);

  const fields = { grants: ["client_credentials"], roles: ["user"], redirect_uris: [], post_logout_redirect_uris: [] };
  const itself = await register(world, { ...fields, auth_method: method });
  const own = await new ClientCredentials(configuration(itself, method, {})).getToken({ scope: "projects:read" });
  assert.equal(await projects(own.token.access_token), 200);
  await own.revoke("access_token");
  assert.equal(await projects(own.token.access_token), 401);
  console.log("client credentials:", method);
}
