// Chromium uses the pages as people do, with scripts and without.
//
// Arguments: where the service is and who is in it, as JSON; the program; the folder for the pictures. It is read
// from the standard input in the folder with the packages: `node --input-type=module - … < pages.mjs`.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const [world, executablePath, pictures] = [JSON.parse(process.argv[2]), ...process.argv.slice(3)];
const home = `${world.url}/t/${world.slug}`;
const device = "urn:ietf:params:oauth:grant-type:device_code";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const browser = await chromium.launch({ executablePath, args: flags });

/** A program that people are sent back to. */
const callback = createServer((request, response) => response.end("back")).listen(0, "127.0.0.1");
await new Promise((listening) => callback.once("listening", listening));
const back = `http://127.0.0.1:${callback.address().port}/callback`;

async function post(path, body, headers = {}) {
  const response = await fetch(`${world.url}${path}`, { method: "POST", headers, body });
  assert.ok(response.ok, await response.clone().text());
  return response.json();
}

/** Registers a program, by a sign-in of its own: the pages end all others. */
async function register(fields) {
  const { email: username, password } = world;
  const owner = { grant_type: "password", client_id: "starter-web", username, password };
  const { access_token } = await post(`/t/${world.slug}/oauth/token`, new URLSearchParams(owner));
  const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
  const body = { name: "Elsewhere", native: true, scopes: ["projects:read"], ...fields };
  return post("/api/v1/clients", JSON.stringify(body), headers);
}

/** One browser of one person, which hears every complaint. */
async function visit(name, javaScriptEnabled) {
  const context = await browser.newContext({ javaScriptEnabled });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    const loud = ["error", "warning"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico");
    // The status of a page that says what is wrong with a form is heard as well.
    if (loud && !/^Failed to load resource: .* status of (401|422) /.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  let count = 0;
  const picture = () => page.screenshot({ path: `${pictures}/${name}-${++count}.png`, fullPage: true });
  return { context, page, complaints, picture };
}

const heading = async (page, text) => assert.equal(await page.locator("h1").innerText(), text);

async function signIn(page, password) {
  await page.fill("#username", world.email);
  await page.fill("#password", password);
  await page.click("main button");
}

async function walk(name, scripts) {
  const { context, page, complaints, picture } = await visit(name, scripts);

  // A policy that is broken is heard: otherwise the silence at the end would say nothing.
  await page.goto(`${home}/login`);
  const heard = page.waitForEvent("console", (message) => message.text().includes("Content Security Policy"));
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>"));
  await heard;
  const forced = complaints.splice(0);
  assert.ok(forced.every((text) => text.includes("Content Security Policy")), forced.join("\n"));

  await page.goto(`${home}/login`);
  await picture();
  assert.equal(await page.evaluate(() => document.styleSheets.length), 1, "the page has its style");
  await signIn(page, "wrong horse battery");
  await page.waitForSelector("#problem");
  assert.equal(await page.inputValue("#username"), world.email);
  assert.equal(await page.inputValue("#password"), "");
  assert.equal(await page.evaluate(() => document.activeElement.id), "problem");
  await picture();
  await signIn(page, world.password);
  await page.waitForURL(`${home}/account`);
  await picture();

  await consents(page, picture);
  await connects(page, picture);
  await ends(name, scripts, page, picture);
  assert.deepEqual(complaints, []);
  await context.close();
}

/** A program asks, is refused, asks again and is let in. */
async function consents(page, picture) {
  const client = await register({ redirect_uris: [back.replace(/:\d+/, "")] });
  const asked = new URLSearchParams({
    response_type: "code",
    client_id: client.id,
    redirect_uri: back,
    scope: "openid projects:read",
    state: "kept",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  for (const answer of ["deny", "allow"]) {
    await page.goto(`${home}/oauth/authorize?${asked}`);
    await heading(page, "Let Elsewhere in?");
    await picture();
    await page.click(`button[value=${answer}]`);
    await page.waitForURL(`${back}?*`);
    const landed = new URL(page.url()).searchParams;
    assert.equal(landed.get("state"), "kept");
    assert.equal(landed.get("iss"), home);
    assert.equal(landed.get("error"), answer === "deny" ? "access_denied" : null);
    assert.equal(landed.has("code"), answer === "allow");
  }
  // What was allowed once is not asked again.
  await page.goto(`${home}/oauth/authorize?${asked}`);
  assert.ok(page.url().startsWith(`${back}?`), page.url());
}

async function connects(page, picture) {
  const client = await register({ grants: [device] });
  const form = new URLSearchParams({ client_id: client.id, scope: "projects:read" });
  const asked = await post(`/t/${world.slug}/oauth/device`, form);
  await page.goto(asked.verification_uri);
  await page.fill("#user_code", "BCDF-GHJK");
  await page.click("main button");
  await page.waitForSelector("[role=alert]");
  await picture();
  await page.fill("#user_code", asked.user_code.toLowerCase());
  await page.click("main button");
  await heading(page, "Let the device in?");
  await picture();
  await page.click("button[value=allow]");
  await heading(page, "The device is connected");
  await picture();
  const code = { grant_type: device, client_id: client.id, device_code: asked.device_code };
  assert.ok((await post(`/t/${world.slug}/oauth/token`, new URLSearchParams(code))).access_token);
}

/** Ends another browser's session from the list, and then this one. */
async function ends(name, scripts, page, picture) {
  const other = await visit(`${name}-other`, scripts);
  await other.page.goto(`${home}/login`);
  await signIn(other.page, world.password);
  await other.page.waitForURL(`${home}/account`);
  await page.goto(`${home}/account/sessions`);
  const rows = page.locator("main li");
  const before = await rows.count();
  assert.ok(before >= 2, `${before} sessions`);
  await picture();
  await page.click("button[value=others]");
  await page.waitForURL(`${home}/account/sessions`);
  assert.equal(await rows.count(), 1);
  assert.match(await rows.innerText(), /Chrome on Linux \(this one\)/);
  await picture();
  await other.page.goto(`${home}/account`);
  await heading(other.page, "Sign in");
  assert.deepEqual(other.complaints, []);
  await other.context.close();

  await rows.locator("button").click();
  await page.waitForURL((url) => url.pathname.endsWith("/login"));
  await picture();
  await page.goto(`${home}/account/sessions`);
  await heading(page, "Sign in");
}

try {
  await walk("scripts", true);
  await walk("no-scripts", false);
} finally {
  await browser.close();
  callback.close();
}
