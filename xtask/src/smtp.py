"""Mail servers for the tests: what they are given lies in a folder, one JSON file for each mail.

In the folder are also `ca.pem`, and `servers`, with the addresses of the servers: `plain`, `starttls` and
`tls`. The last two ask for the user `service` with the password `open sesame`.

A recipient whose name begins with `refused` is refused for good, one with `busy` for now; the answers repeat
the address, as those of real servers do. `slow` is taken after a second, `stuck` after a minute.
"""

import asyncio
import json
import os
import ssl
import sys
import uuid

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

folder, port = sys.argv[1], int(sys.argv[2])


class Handler:
    def __init__(self, server):
        self.server = server

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return f"550 5.1.1 <{address}> is unknown here"
        if address.startswith("busy"):
            return f"451 4.3.0 <{address}> has to wait"
        if address.startswith("slow"):
            await asyncio.sleep(1)
        if address.startswith("stuck"):
            await asyncio.sleep(60)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "server": self.server,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.decode() if session.auth_data else None,
            "connection": f"{session.peer[1]}",
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.original_content.decode("utf-8"),
        }
        name = os.path.join(folder, str(uuid.uuid4()))
        with open(name + ".part", "w") as file:
            json.dump(mail, file)
        os.rename(name + ".part", name + ".json")
        return "250 OK"


def sign_in(server, session, envelope, mechanism, data):
    right = data.login == b"service" and data.password == b"open sesame"
    return AuthResult(success=right, handled=False, auth_data=data.login)


async def main():
    authority = trustme.CA()
    authority.cert_pem.write_to_path(os.path.join(folder, "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    loop = asyncio.get_running_loop()
    common = {"enable_SMTPUTF8": True, "hostname": "mail.test"}
    secured = {**common, "authenticator": sign_in, "auth_required": True}
    servers = {
        "plain": (lambda: SMTP(Handler("plain"), **common), None, port),
        "starttls": (
            lambda: SMTP(Handler("starttls"), tls_context=context, require_starttls=True, **secured),
            None,
            0,
        ),
        "tls": (lambda: SMTP(Handler("tls"), auth_require_tls=False, **secured), context, 0),
    }
    addresses = {}
    for name, (factory, tls, at) in servers.items():
        server = await loop.create_server(factory, "127.0.0.1", at, ssl=tls)
        addresses[name] = server.sockets[0].getsockname()[1]
    with open(os.path.join(folder, "servers"), "w") as file:
        json.dump(addresses, file)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
