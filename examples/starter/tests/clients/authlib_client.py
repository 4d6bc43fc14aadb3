"""Authlib goes through each flow, as a program that somebody else wrote would.

The only setting is that http is fine. Argument: where the service is, and who is in it, as JSON.
"""

import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey
from person import Person

CALLBACK = "https://app.example/callback"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Program(OpenIDMixin):
    """What Authlib needs around its reading of id tokens; its integrations into web frameworks have the same."""

    def __init__(self, issuer, client_id=None):
        self.client_id, self.server_metadata = client_id, {}
        response = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10)
        response.raise_for_status()
        self.server_metadata = response.json()
        assert self.server_metadata["issuer"] == issuer, self.server_metadata["issuer"]

    def load_server_metadata(self):
        return self.server_metadata

    def _get_session(self):
        return OAuth2Session()


class World:
    def __init__(self, given):
        self.url, self.token, self.issuer = given["url"], given["token"], f"{given['url']}/t/{given['slug']}"
        self.person = Person(given["email"], given["password"])
        self.at = Program(self.issuer).server_metadata

    def register(self, **fields):
        response = requests.post(
            f"{self.url}/api/v1/clients",
            json={"name": "Elsewhere", **fields},
            headers={"authorization": f"Bearer {self.token}"},
            timeout=10,
        )
        assert response.status_code == 201, response.text
        return response.json()

    def session(self, client, **options):
        method = client["auth_method"]
        return OAuth2Session(client["id"], client["secret"], token_endpoint_auth_method=method, **options)

    def projects(self, token):
        address = f"{self.url}/api/v1/projects"
        return requests.get(address, headers={"authorization": f"Bearer {token}"}, timeout=10).status_code


def refused(call, error):
    try:
        answer = call()
    except OAuthError as refusal:
        assert refusal.error == error, refusal
    else:
        raise AssertionError(f"not refused with {error}: {answer}")


def signs_in_with_a_code(world, method):
    """A code with PKCE, the id token, a refresh, introspection, revocation, by one way to prove who it is."""
    client = world.register(
        redirect_uris=[CALLBACK],
        grants=["authorization_code", "refresh_token"],
        scopes=["projects:read"],
        auth_method=method,
    )
    session = world.session(
        client,
        redirect_uri=CALLBACK,
        scope="openid profile email offline_access projects:read",
        code_challenge_method="S256",
    )
    verifier, nonce = "v" * 64, f"nonce-{method}"
    address, state = session.create_authorization_url(
        world.at["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    landed = world.person.approves(address)
    token = session.fetch_token(
        world.at["token_endpoint"], authorization_response=landed, state=state, code_verifier=verifier
    )
    assert token["token_type"] == "Bearer" and token["expires_in"] > 0, token
    assert world.projects(token["access_token"]) == 200

    program = Program(world.issuer, client["id"])
    person = program.parse_id_token(token, nonce)
    assert person["email"] == world.person.email and person["at_hash"], person
    said = session.get(world.at["userinfo_endpoint"])
    assert said.status_code == 200 and said.json()["sub"] == person["sub"], said.text

    fresh = session.refresh_token(world.at["token_endpoint"])
    assert fresh["access_token"] != token["access_token"]
    assert world.projects(fresh["access_token"]) == 200
    assert program.parse_id_token(fresh, None)["sub"] == person["sub"]

    if method != "none":
        known = session.introspect_token(world.at["introspection_endpoint"], token=fresh["access_token"])
        known = known.json()
        assert known["active"] and known["client_id"] == client["id"] and known["sub"] == person["sub"], known
    ended = session.revoke_token(
        world.at["revocation_endpoint"], token=fresh["refresh_token"], token_type_hint="refresh_token"
    )
    assert ended.status_code == 200, ended.text
    assert world.projects(fresh["access_token"]) == 401
    if method != "none":
        known = session.introspect_token(world.at["introspection_endpoint"], token=fresh["access_token"])
        assert known.json() == {"active": False}, known.text
    refused(lambda: session.refresh_token(world.at["token_endpoint"], fresh["refresh_token"]), "invalid_grant")


def acts_for_itself(world, method):
    """Client credentials."""
    fields = {}
    if method == "private_key_jwt":
        key = RSAKey.generate_key(2048, auto_kid=True)
        fields["jwks"] = {"keys": [key.as_dict(private=False)]}
    client = world.register(
        grants=["client_credentials"], scopes=["projects:read"], roles=["user"], auth_method=method, **fields
    )
    session = world.session(client)
    if method == "private_key_jwt":
        session.client_secret = key
        # Authlib would prove itself at these two with a secret.
        session.revocation_endpoint_auth_method = method
        session.register_client_auth_method(PrivateKeyJWT())
    token = session.fetch_token(world.at["token_endpoint"], grant_type="client_credentials", scope="projects:read")
    assert token["scope"] == "projects:read" and "refresh_token" not in token, token
    assert world.projects(token["access_token"]) == 200
    known = session.introspect_token(world.at["introspection_endpoint"], token=token["access_token"]).json()
    assert known["active"] and known["sub"] == client["id"], known
    ended = session.revoke_token(world.at["revocation_endpoint"], token=token["access_token"])
    assert ended.status_code == 200, ended.text
    assert world.projects(token["access_token"]) == 401


def connects_a_device(world):
    client = world.register(native=True, grants=[DEVICE, "refresh_token"], scopes=["projects:read"])
    session = world.session(client)
    program = Program(world.issuer, client["id"])

    def asks():
        form = {"client_id": client["id"], "scope": "openid email projects:read"}
        response = requests.post(world.at["device_authorization_endpoint"], data=form, timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def fetches(asked):
        code = asked["device_code"]
        return session.fetch_token(world.at["token_endpoint"], grant_type=DEVICE, device_code=code)

    waiting = asks()
    refused(lambda: fetches(waiting), "authorization_pending")
    asked = asks()
    person = world.person
    assert asked["verification_uri"].startswith(world.issuer), asked
    page = person.send("GET", asked["verification_uri_complete"])
    page = person.answers(page)
    assert asked["user_code"] in page.text, page.text
    page = person.answers(page)
    assert "connected" in page.text, page.text
    token = fetches(asked)
    assert world.projects(token["access_token"]) == 200
    assert program.parse_id_token(token, None)["email"] == person.email
    refused(lambda: fetches(asked), "invalid_grant")
    assert world.projects(session.refresh_token(world.at["token_endpoint"])["access_token"]) == 200


def main():
    world = World(json.loads(sys.argv[1]))
    for method in ["none", "client_secret_basic", "client_secret_post"]:
        signs_in_with_a_code(world, method)
        print("code:", method)
    for method in ["client_secret_basic", "client_secret_post", "private_key_jwt"]:
        acts_for_itself(world, method)
        print("client credentials:", method)
    connects_a_device(world)
    print("device")


if __name__ == "__main__":
    main()
