// Live updates.

import assert from "node:assert/strict";

import { depth } from "../support/pages.mjs";

// Marks the document, so that a reload is noticed.
const mark = (page) => page.evaluate(() => { window.isMarked = true; });
const isMarked = (page) => page.evaluate(() => window.isMarked === true);

const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("href"));

async function overview({ site, visit }) {
  const { page, ...user } = await visit();
  await page.goto(`${site.admin}/overview`);
  await mark(page);
  const parked = await depth(page, "parked");
  await page.locator('#depth a[href="events?state=parked"]').focus();
  // No hook has this type.
  await site.deliver("crm.note.push");
  const row = page.locator("#depth tbody tr", { has: page.locator(".state.parked") });
  await row.getByRole("cell", { name: String(parked + 1), exact: true }).waitFor();
  const attention = page.locator("#attention", { hasText: `${parked + 1} events parked` });
  await attention.waitFor();
  assert.ok(await isMarked(page), "the page was not loaded again");
  assert.equal(await focused(page), "events?state=parked", "the focus stays");
  assert.deepEqual(user.faults, []);
}

async function action({ site, visit }) {
  const user = await visit();
  await site.hold();
  await user.goto(`${site.admin}/confirm?action=replay&state=done`);
  await user.follow(user.button("Replay"));
  await mark(user.page);
  await user.button("Stop").waitFor();
  await site.release();
  await user.page.locator("#progress", { hasText: "Completed: 726 events replayed." }).waitFor();
  await user.button("Stop").waitFor({ state: "detached" });
  assert.ok(await isMarked(user.page), "the page was not loaded again");
}

// Says so when the program is gone, and goes on when it is back.
async function interruption({ site, visit }) {
  const user = await visit();
  await user.goto(`${site.admin}/overview`);
  const parked = await depth(user.page, "parked");
  user.expectFaults(/ERR_INTERNET_DISCONNECTED/);
  await user.context.setOffline(true);
  const note = user.page.locator("#live-note");
  await note.filter({ hasText: "Live updates wait for the server." }).waitFor();
  await site.deliver("crm.note.push");
  await user.context.setOffline(false);
  const row = user.page.locator("#depth tbody tr", { has: user.page.locator(".state.parked") });
  await row.getByRole("cell", { name: String(parked + 1), exact: true }).waitFor();
  assert.equal(await note.innerText(), "");
}

export const checks = {
  "the overview updates without a reload": overview,
  "the progress of an action updates without a reload": action,
  "live updates go on after an interruption": interruption,
};
