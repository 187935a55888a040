// Links of a dashboard under a path, with and without a trailing slash, and behind a proxy.

import assert from "node:assert/strict";

import { serveProxy } from "../support/http.mjs";

// Links are relative to the path, so pages with other parameters have the same links.
const kind = (address) => new URL(address).pathname.replace(/\d+/g, "N");

const addresses = (page) =>
  page.evaluate(() => ({
    loaded: [...document.querySelectorAll("a[href], link[href], script[src]")]
      .map((element) => (element.href || element.src).replace(/#.*/, "")),
    sent: [...document.forms].map((form) => form.action),
  }));

// Opens an address, and then one page of each kind that is linked from there.
async function crawl(visit, start, base) {
  const user = await visit();
  // Scripts and style sheets, as pages of their own, name no icon.
  user.expectFaults(/favicon\.ico/);
  await user.goto(start);
  assert.equal(user.page.url(), `${base}/overview`);
  const styles = await user.page.evaluate(() => getComputedStyle(document.body).margin);
  assert.equal(styles, "0px", "the style sheet applies");

  const [kinds, open] = [new Set(), [user.page.url()]];
  while (open.length > 0) {
    const address = open.pop();
    const answer = await user.goto(address);
    if (!answer.headers()["content-type"].startsWith("text/html")) continue;
    const { loaded, sent } = await addresses(user.page);
    for (const found of [...loaded, ...sent]) {
      assert.ok(found.startsWith(`${base}/`), `${address} links to ${found}`);
    }
    for (const found of loaded.filter((found) => !kinds.has(kind(found)))) {
      kinds.add(kind(found));
      open.push(found);
    }
  }
  const found = [...kinds].join(" ");
  const pages = ["events", "event/N", "dead", "confirm", "actions", "audit"];
  for (const page of [...pages, "style.css", "live.js"]) {
    assert.ok(found.includes(`/${page}`), `${page} is linked: ${found}`);
  }
}

async function proxied({ site, visit, afterwards }) {
  const proxy = await serveProxy("/tools/inbox/", `${site.loopback}/service/webhooks/`);
  afterwards(() => proxy.stop());
  const base = `http://127.0.0.1:${proxy.port}/tools/inbox`;
  await crawl(visit, `${base}/`, base);
  const user = await visit();
  await user.goto(`${base}/confirm?action=replay&event=1`);
  await user.follow(user.button("Replay"));
  assert.ok(user.page.url().startsWith(`${base}/action/`));
}

export const checks = {
  "links stay under a nested path": ({ site, visit }) => crawl(visit, site.admin, site.admin),
  "links stay under a path without a trailing slash": ({ site, visit }) =>
    crawl(visit, `${site.loopback}/service/webhooks`, `${site.loopback}/service/webhooks`),
  "links stay under a path with a trailing slash": ({ site, visit }) =>
    crawl(visit, `${site.loopback}/service/webhooks/`, `${site.loopback}/service/webhooks`),
  "links stay behind a proxy that removes a prefix": proxied,
};
