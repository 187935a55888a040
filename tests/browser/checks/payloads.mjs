// Payloads: hidden, revealed on request, and credentials that stay hidden.

import assert from "node:assert/strict";

import { audit } from "../support/pages.mjs";

async function reveal({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/events?id=crm-contact-created-1000`);
  await user.follow(user.page.locator("table.events tbody a").first());
  const key = (await user.page.locator("h1").innerText()).replace("Event ", "");
  const payload = user.page.locator("#payload");
  assert.match(await payload.innerText(), /"id": text of 24/);
  assert.ok(!(await user.page.content()).includes("crm.contact.created/1000"), "values are hidden");

  await user.follow(user.button("Reveal the values"));
  assert.match(await payload.innerText(), /"id": "crm.contact.created\/1000"/);
  const [entry] = await audit(user, site.admin);
  assert.deepEqual(entry, ["ada", "reveal", `event ${key}`, "1"]);
}

async function credentials({ site, visit }) {
  const user = await visit();
  await user.goto(`${site.admin}/events?type=connection.created`);
  await user.follow(user.page.locator("table.events tbody a").first());
  await user.follow(user.button("Reveal the values"));
  const payload = await user.page.locator("#payload pre").innerText();
  assert.match(payload, /"access_token": \(hidden\)/);
  assert.match(payload, /"provider_slug": "hubspot"/, "the other values are shown");
  assert.ok(!(await user.page.content()).includes("canary"), "no credential is on the page");
}

export const checks = {
  "a reveal shows the values and is recorded": (world) => reveal(world),
  "a reveal works without JavaScript": (world) => reveal(world, { javaScript: false }),
  "credentials stay hidden after a reveal": credentials,
};
