// Chromium, and tenants with hosts below one parent, to which passkeys are bound: a browser lets the page of any of
// them ask for the passkeys of all.
//
// Arguments: where `device.mjs` is; the world, with the address of pages (`{tenant}` stands for the name), and the path of Chromium.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { withDevice } = await import(process.argv[2]);
const [world, executablePath] = [JSON.parse(process.argv[3]), process.argv[4]];
const home = (tenant) => world.pages.replace("{tenant}", tenant);

const flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath, args: flags });

/** Asks the device from a page, with options that may be those of another, and gives the answer as our script does. */
const asks = (page, options) =>
  page.evaluate(async (json) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(json));
    const { id, rawId, type, response } = (await navigator.credentials.get({ publicKey })).toJSON();
    const { clientDataJSON, authenticatorData, signature, userHandle } = response;
    return JSON.stringify({ id, rawId, type, response: { clientDataJSON, authenticatorData, signature, userHandle } });
  }, options);

/** The options of the form for passkeys of a page. */
const options = (page) => page.getAttribute("form[data-passkey]", "data-options");

/** Sends an answer with the form of a page, whoever has made it. */
const sends = (page, answer) =>
  page.evaluate((text) => {
    const form = document.querySelector("form[data-passkey]");
    form.elements.answer.value = text;
    form.submit();
  }, answer);

try {
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  // Whether a name is offered while it is typed is for people to see.
  await context.addInitScript(() => delete PublicKeyCredential.isConditionalMediationAvailable);
  const page = await context.newPage();
  const device = await withDevice(context, page);

  // Made in one tenant, for the parent.
  await page.goto(`${home("acme")}/login`);
  await page.fill("#username", world.email);
  await page.fill("#password", world.password);
  await page.click("main form:not([data-passkey]) button");
  await page.waitForURL(`${home("acme")}/account`);
  await page.goto(`${home("acme")}/account/factors`);
  await page.fill("#passkey", "Laptop");
  await page.click("button:text('Make a passkey')");
  await page.click("form[data-passkey=create] button");
  await page.waitForSelector("h1:text-is('Your second factor is set up')");
  const { credentials } = await device("getCredentials");
  assert.deepEqual(credentials.map((credential) => credential.rpId), ["app.localhost"]);
  await page.goto(`${home("acme")}/logout`);
  await page.click("main button");
  await page.waitForURL(`${home("acme")}/login**`);

  // The page of another tenant uses it, and it opens nothing there: its holder is nobody to that tenant.
  await page.goto(`${home("beta")}/login`);
  await page.click("form[data-passkey] button");
  await page.waitForSelector("#problem");
  assert.equal(new URL(page.url()).host, new URL(home("beta")).host);

  // It has the device answer the challenge of the first, and sends that there: the answer says from where it is.
  await page.goto(`${home("acme")}/login`);
  const wanted = await options(page);
  const challenge = await page.inputValue("form[data-passkey] [name=challenge]");
  await page.goto(`${home("beta")}/login`);
  const stolen = await asks(page, wanted);
  await page.goto(`${home("acme")}/login`);
  await page.evaluate((text) => (document.querySelector("form[data-passkey]").elements.challenge.value = text), challenge);
  await sends(page, stolen);
  await page.waitForSelector("#problem");

  // The very same is good from the tenant's own page.
  await page.goto(`${home("acme")}/login`);
  await sends(page, await asks(page, await options(page)));
  await page.waitForURL(`${home("acme")}/account`);
} finally {
  await browser.close();
}
