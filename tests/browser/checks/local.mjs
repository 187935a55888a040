// The guard of a dashboard on loopback.

import assert from "node:assert/strict";

import { servePage } from "../support/http.mjs";
import { depth } from "../support/pages.mjs";

// Browsers ask for this file if a page, such as a refusal in plain text, names no icon.
const ICON = /favicon\.ico/;

async function token({ site, visit }) {
  const user = await visit();
  const { origin } = new URL(site.guarded);
  user.expectFaults(ICON);
  await user.goto(`${origin}/overview`, 403);
  await user.goto(site.guarded);
  // The token leaves the address.
  await user.page.waitForURL(`${origin}/overview`);
  const [cookie, ...others] = await user.context.cookies();
  assert.deepEqual(others, []);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
  const dead = await depth(user.page, "dead");
  await user.goto(`${origin}/confirm?action=drop&state=dead`);
  await user.follow(user.button("Drop"));
  const progress = await user.page.locator("#progress").innerText();
  assert.equal(progress, `Completed: ${dead} events dropped.`);
}

// A navigation that another site began carries no strict cookie, not even after a redirect.
async function foreignLink({ site, visit }) {
  const { origin } = new URL(site.guarded);
  const other = await servePage("localhost", `<!doctype html><a href="${site.guarded}">Open</a>`);
  try {
    const user = await visit();
    user.expectFaults(ICON);
    await user.goto(`http://localhost:${other.port}/`);
    await user.page.getByText("Open").click();
    await user.page.waitForURL(`${origin}/overview`);
    await depth(user.page, "dead");
  } finally {
    other.stop();
  }
}

// Forms of other pages: another site gets no cookie, and another port is not the same origin.
async function foreignForms({ site, visit }) {
  const { origin } = new URL(site.guarded);
  for (const [host, refusal] of [
    ["localhost", /Open the URL that the program has printed/],
    ["127.0.0.1", /Actions are accepted only from pages of this dashboard/],
  ]) {
    const address = `${origin}/actions?action=drop&state=dead`;
    const form = `<form method="post" action="${address}"><button>Win</button></form>`;
    const other = await servePage(host, `<!doctype html><title>Other</title>${form}`);
    try {
      const user = await visit();
      user.expectFaults(ICON);
      await user.goto(site.guarded);
      const dead = await depth(user.page, "dead");
      await user.goto(`http://${host}:${other.port}/`);
      await user.follow(user.button("Win"), 403);
      assert.match(await user.page.locator("body").innerText(), refusal);
      await user.goto(site.guarded);
      assert.equal(await depth(user.page, "dead"), dead, "nothing was dropped");
    } finally {
      other.stop();
    }
  }
}

export const checks = {
  "the printed URL opens a guarded dashboard, and nothing else does": token,
  "the printed URL opens from a page of another site": foreignLink,
  "a guarded dashboard refuses forms of other pages": foreignForms,
};
