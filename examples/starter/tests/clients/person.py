"""Somebody with a browser that runs no scripts."""

import html.parser
import urllib.parse

import requests


class Person:
    """Walks the pages of a tenant.

    `requests` does not send a cookie with `Secure` over http, not even to this machine, as browsers do. So the
    cookies are kept here.
    """

    def __init__(self, email, password):
        self.email, self.password = email, password
        self.cookies = {}

    def approves(self, address):
        """Follows an address until it leads to another host, signs in and allows on the way."""
        home = urllib.parse.urlsplit(address).netloc
        response = self.send("GET", address)
        for _ in range(10):
            onward = response.headers.get("location") or Form.of(response.text).onward
            if onward is None:
                response = self.answers(response)
                continue
            address = urllib.parse.urljoin(response.url, onward)
            if urllib.parse.urlsplit(address).netloc != home:
                return address
            response = self.send("GET", address)
        raise AssertionError(f"the pages lead nowhere: {response.url}")

    def answers(self, response):
        """Sends the form of a page."""
        assert response.status_code == 200, f"{response.url}: {response.status_code} {response.text}"
        form = Form.of(response.text)
        assert form.action, f"a page without a form: {response.text}"
        for name, value in [("username", self.email), ("password", self.password), ("answer", "allow")]:
            if name in form.fields:
                form.fields[name] = value
        return self.send("POST", urllib.parse.urljoin(response.url, form.action), form.fields)

    def send(self, method, address, form=None):
        parts = urllib.parse.urlsplit(address)
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            headers["origin"] = f"{parts.scheme}://{parts.netloc}"
        response = requests.request(method, address, data=form, headers=headers, allow_redirects=False, timeout=10)
        # `requests` keeps what it was sent, it only does not send it on.
        self.cookies.update(response.cookies.get_dict())
        return response


class Form(html.parser.HTMLParser):
    """The last form of a page, which is the one of its contents, and where the page leads by itself."""

    @classmethod
    def of(cls, text):
        form = cls()
        form.action, form.fields, form.onward = None, {}, None
        form.feed(text)
        return form

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.onward = attributes["content"].split("url=", 1)[1]
        elif tag == "form":
            self.action, self.fields = attributes["action"], {}
        elif tag in ("input", "button") and self.action and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")
