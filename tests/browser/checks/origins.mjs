// Every action over HTTPS, and over HTTP on loopback and on another address; forms of other sites.

import assert from "node:assert/strict";

import { servePage } from "../support/http.mjs";
import { depth } from "../support/pages.mjs";
import { elsewhere } from "../support/site.mjs";

// Runs a step and returns the header `Sec-Fetch-Site` of the POST that it sends.
async function siteOfPost(user, step) {
  const isPost = (request) => request.method() === "POST";
  const [request] = await Promise.all([user.page.waitForRequest(isPost), step()]);
  return (await request.allHeaders())["sec-fetch-site"];
}

async function everyAction({ site, visit }, origin, expectedSite) {
  const user = await visit();
  const base = `${origin}/admin/webhooks`;
  const sites = [];
  const act = async (button) => {
    sites.push(await siteOfPost(user, () => user.follow(user.button(button))));
  };
  const progress = user.page.locator("#progress");

  await user.goto(`${base}/event/1`);
  await act("Reveal the values");
  assert.match(await user.page.locator("#payload").innerText(), /crm.company.created\/0/);
  for (const [query, verb, result] of [
    ["event=1", "Replay", "1 event replayed"],
    ["state=dead&type=crm.contact.created", "Replay", "22 events replayed"],
    ["state=dead&type=ticketing.ticket.created", "Drop", "9 events dropped"],
    // The first of the parked comments.
    ["event=735", "Drop", "1 event dropped"],
  ]) {
    await user.goto(`${base}/confirm?action=${verb.toLowerCase()}&${query}`);
    await act(verb);
    assert.equal(await progress.innerText(), `Completed: ${result}.`);
  }
  await site.hold();
  await user.goto(`${base}/confirm?action=drop&state=dead`);
  await act("Drop");
  await act("Stop");
  assert.equal(await progress.innerText(), "Stopping: 0 events dropped so far.");
  await site.release();
  assert.deepEqual(sites, Array(sites.length).fill(expectedSite), "Sec-Fetch-Site of the actions");
}

// Sends a form from a page of another origin.
async function foreignForm({ site, visit }, host, target) {
  const address = `${target}/actions?action=replay&state=dead`;
  const form = `<form method="post" action="${address}"><button>Win a prize</button></form>`;
  const other = await servePage(host, `<!doctype html><title>Other</title>${form}`);
  try {
    const user = await visit();
    await user.goto(`${site.admin}/overview`);
    const dead = await depth(user.page, "dead");
    await user.goto(`http://${host}:${other.port}/`);
    await user.follow(user.button("Win a prize"), 403);
    const text = await user.page.locator("main").innerText();
    assert.match(text, /Actions are accepted only from pages of this dashboard/);
    await user.goto(`${site.admin}/overview`);
    assert.equal(await depth(user.page, "dead"), dead, "nothing was replayed");
  } finally {
    other.stop();
  }
}

async function frame({ site, visit }) {
  const other = await servePage("127.0.0.1", `<iframe src="${site.admin}/overview"></iframe>`);
  try {
    const user = await visit();
    user.expectFaults(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE/);
    const refusal = user.page.waitForEvent("console", (message) =>
      message.text().includes("frame-ancestors"),
    );
    await user.page.goto(`http://127.0.0.1:${other.port}/`);
    const shown = await user.page.frameLocator("iframe").locator("body").innerText();
    assert.ok(!shown.includes("panora-hooks"), "the page is not shown in a frame");
    await refusal;
  } finally {
    other.stop();
  }
}

export const checks = {
  "every action works over HTTP on loopback": (world) =>
    everyAction(world, world.site.loopback, "same-origin"),
  "every action works over HTTPS": (world) => everyAction(world, world.site.tls, "same-origin"),
  "a form of another port is refused": (world) =>
    foreignForm(world, "127.0.0.1", world.site.admin),
  "a form of another site is refused": (world) =>
    foreignForm(world, "localhost", world.site.admin),
  "a form of another site is refused over HTTPS": (world) =>
    foreignForm(world, "127.0.0.1", `${world.site.tls}/admin/webhooks`),
  "a page of another origin cannot frame the dashboard": frame,
  ...(elsewhere && {
    // Without `Sec-Fetch-Site`.
    "every action works over HTTP on another address": (world) =>
      everyAction(world, world.site.elsewhere, undefined),
    "a form of another port is refused on another address": (world) =>
      foreignForm(world, elsewhere, `${world.site.elsewhere}/admin/webhooks`),
  }),
};
