// Somebody with a browser that runs no scripts, and the programs that their tenant registers.

import assert from "node:assert/strict";

export const callback = "https://app.example/callback";
export const after = "https://app.example/bye";

/** Registers a program with the tenant. */
export async function register(world, fields) {
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
export class Person {
  cookies = new Map();

  constructor(world) {
    this.world = world;
  }

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
    const known = { username: this.world.email, password: this.world.password, answer: "allow" };
    for (const name in known) if (form.has(name)) form.set(name, known[name]);
    return [new URL(/action="([^"]*)"/.exec(text)[1], address), form];
  }
}
