// Pages of users with fewer permissions.

import assert from "node:assert/strict";

import { depth } from "../support/pages.mjs";

const offers = (user) =>
  user.page
    .getByRole("link", { name: /^(Replay|Drop) ?.*…$/ })
    .or(user.page.locator("form[method=post]"));

async function reader({ site, visit }) {
  const user = await visit();
  const base = `${site.loopback}/read`;
  for (const page of ["overview", "dead", "events?state=dead", "event/1", "actions", "audit"]) {
    await user.goto(`${base}/${page}`);
    assert.equal(await offers(user).count(), 0, `${page} offers nothing to a reader`);
  }
  assert.match(await user.page.locator("#access").innerText(), /^rita, read only$/);
  await user.goto(`${base}/confirm?action=replay&state=dead`, 403);
  await user.goto(`${base}/overview`);
  const dead = await depth(user.page, "dead");

  // The page of an operator, whose form is sent to the dashboard of the reader.
  await user.goto(`${site.admin}/confirm?action=replay&state=dead`);
  await user.page.locator("form[method=post]").evaluate((form, base) => {
    form.action = `${base}/actions?action=replay&state=dead`;
  }, base);
  await user.follow(user.button("Replay"), 403);
  await user.goto(`${base}/overview`);
  assert.equal(await depth(user.page, "dead"), dead, "the refused replay changed nothing");
}

async function withData({ site, visit }) {
  const user = await visit();
  await user.goto(`${site.loopback}/data/event/1`);
  assert.equal(await user.page.locator("#actions a.button").count(), 0, "no action is offered");
  await user.follow(user.button("Reveal the values"));
  assert.match(await user.page.locator("#payload").innerText(), /"id": "crm.company.created\/0"/);
}

async function operator({ site, visit }) {
  const user = await visit();
  await user.goto(`${site.loopback}/operate/event/1`);
  assert.equal(await user.button("Reveal the values").count(), 0, "no reveal is offered");
  await user.follow(user.link("Replay the event…"));
  await user.follow(user.button("Replay"));
  const progress = await user.page.locator("#progress").innerText();
  assert.equal(progress, "Completed: 1 event replayed.");
}

async function stranger({ site, visit }) {
  const user = await visit();
  for (const page of ["", "/overview", "/assets/style.css"]) {
    const answer = await user.context.request.get(`${site.loopback}/denied${page}`);
    assert.equal(answer.status(), 404);
    assert.equal(await answer.text(), "");
  }
}

export const checks = {
  "a reader is offered no action, and cannot start one": reader,
  "a reader with data reveals payloads": withData,
  "an operator without data replays, but does not reveal": operator,
  "a stranger gets an empty answer": stranger,
};
