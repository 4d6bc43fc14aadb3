// Chromium with a device that has passkeys: makes them, and signs in with them.
//
// Arguments: where `device.mjs` is; then as of pages.mjs. The device is Chromium's own, so the protocol is spoken by a
// program that nobody here wrote.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { withDevice } = await import(process.argv[2]);
const [world, executablePath, pictures] = [JSON.parse(process.argv[3]), ...process.argv.slice(4)];
const home = `${world.site}/t/${world.slug}`;

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

async function api(method, path, body, token = world.token) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${world.url}${path}`, { method, headers, body: JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${await response.clone().text()}`);
  return response.status === 204 ? null : response.json();
}

async function token(form) {
  const body = new URLSearchParams({ client_id: "starter-web", ...form });
  const response = await fetch(`${world.url}/t/${world.slug}/oauth/token`, { method: "POST", body });
  return [response.status, await response.json()];
}

/** One browser of one person with one device, which hears every complaint. */
async function visit(name) {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    const loud = ["error", "warning"].includes(message.type()) && !message.location().url.endsWith("/favicon.ico");
    // The status of a page that says what is wrong with a form is heard as well.
    if (loud && !/^Failed to load resource: .* status of (401|422) /.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  const device = await withDevice(context, page);
  let count = 0;
  const picture = () => page.screenshot({ path: `${pictures}/passkeys-${name}-${++count}.png`, fullPage: true });
  return { context, page, complaints, device, picture };
}

/** Waits for a page: a form that the script sends is sent later than it is clicked. */
const heading = (page, text) => page.waitForSelector(`h1:text-is(${JSON.stringify(text)})`);

async function signIn(page, email, password, at = home) {
  await page.goto(`${at}/login`);
  await page.fill("#username", email);
  await page.fill("#password", password);
  await page.click("main form:not([data-passkey]) button");
}

async function signOut(page, at = home) {
  await page.goto(`${at}/logout`);
  // The page may go on from there by itself.
  const there = page.waitForURL((url) => url.pathname.endsWith("/login"));
  await page.click("main button");
  await there;
}

/** Makes a passkey, proves it after a password and instead of one, and looks after it. */
async function keeps() {
  const { context, page, complaints, device, picture } = await visit("owner");
  // Whether a name is offered while it is typed is for people to see; here every page asks when it is told to.
  await page.addInitScript(() => delete PublicKeyCredential.isConditionalMediationAvailable);
  await signIn(page, world.email, world.password);
  await page.waitForURL(`${home}/account`);
  await page.goto(`${home}/account/factors`);
  await page.fill("#passkey", "Laptop");
  await page.click("button:text('Make a passkey')");
  await page.waitForSelector("form[data-passkey=create]:visible");
  await picture();
  await page.click("button:text('Make the passkey')");
  await heading(page, "Your second factor is set up");
  assert.equal(await page.locator("main li code").count(), 10);
  await picture();
  const made = await device("getCredentials");
  assert.equal(made.credentials.length, 1);
  assert.equal(made.credentials[0].rpId, "localhost");
  assert.equal(made.credentials[0].isResidentCredential, true);
  await page.goto(`${home}/account/factors`);
  await picture();

  // After a password.
  await signOut(page);
  await picture();
  await signIn(page, world.email, world.password);
  await heading(page, "Your second factor");
  await picture();
  // The device does not know who holds it.
  await device("setUserVerified", { isUserVerified: false });
  await page.click("form[data-passkey] button");
  await page.waitForSelector("form[data-passkey] [role=alert]:visible");
  await picture();
  await device("setUserVerified", { isUserVerified: true });
  await page.click("form[data-passkey] button");
  await page.waitForURL(`${home}/account`);

  // Instead of one.
  await signOut(page);
  await page.click("form[data-passkey] button");
  await page.waitForURL(`${home}/account`);

  // Named anew and removed by who has just signed in with it; then it opens nothing.
  await page.goto(`${home}/account/factors`);
  assert.match(await page.locator("main li").innerText(), /Laptop\s+Passkey, added .* last used/);
  await page.fill("main li input[name=name]", "Old laptop");
  await page.click("main li button:text('Rename')");
  await page.waitForSelector("main li:has-text('Old laptop')");
  await picture();
  await page.click("main li button:text('Remove')");
  await page.waitForSelector("main p:has-text('a password alone')");
  await signOut(page);
  await page.click("form[data-passkey] button");
  await page.waitForSelector("#problem");
  await picture();
  assert.deepEqual(complaints, []);
  await context.close();
}

/** The API, with what browsers bring for programs. */
async function programs() {
  const { context, page } = await visit("program");
  await page.goto(`${home}/login`);
  const begun = await api("POST", "/api/v1/me/passkeys", { name: "from a program" });
  const answer = await page.evaluate(async (options) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }, begun.options);
  const { recovery_codes } = await api("POST", `/api/v1/me/passkeys/${begun.id}`, answer);
  assert.equal(recovery_codes.length, 10);
  const { items } = await api("GET", "/api/v1/me/passkeys");
  assert.deepEqual(items.map((item) => item.name), ["from a program"]);
  await context.close();
}

/** Whom a rule asks for a passkey makes one at the sign-in. */
async function obeys() {
  const { slug, email, token } = world.other;
  const home = `${world.site}/t/${slug}`;
  await api("PUT", "/api/v1/mfa-rules", { rules: [{ requirement: "passkey" }] }, token);
  const { context, page, complaints, picture } = await visit("rule");
  await signIn(page, email, world.password, home);
  await heading(page, "Set up a second factor");
  assert.equal(await page.locator("#code").count(), 0, "an app is not enough");
  await picture();
  await page.click("form[data-passkey=create] button");
  await heading(page, "Your second factor is set up");
  await page.click("main a");
  await page.waitForURL(`${home}/account`);
  // Where the browser offers passkeys while the name is typed, it takes the only one that there is.
  await signOut(page, home);
  await page.waitForURL(`${home}/account`);
  assert.deepEqual(complaints, []);
  await context.close();
}

try {
  await keeps();
  await obeys();
  await programs();
} finally {
  await browser.close();
}
