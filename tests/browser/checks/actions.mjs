// Replays and drops, and their progress.

import assert from "node:assert/strict";

import { audit, depth, keys } from "../support/pages.mjs";
import { until } from "../support/visit.mjs";

const GROUP = "state=dead&type=crm.contact.created&text=is missing";
const DONE = 120 + 600 + 1 + 5;

// The row of the group of missing customers.
const group = (user) => user.page.locator("table.groups tbody tr", { hasText: "is missing" });

async function replay({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/overview`);
  const dead = await depth(user.page, "dead");
  assert.match(await user.page.locator("#attention").innerText(), new RegExp(`${dead} events are dead`));

  await user.follow(user.link("Dead"));
  assert.equal(await group(user).locator("td.number").innerText(), "21");
  await user.follow(group(user).getByRole("link", { name: "Replay…" }));
  assert.match(
    await user.page.locator("#question").innerText(),
    /^Replay 21 dead events of type crm\.contact\.created with an error of group [0-9a-f]{16}\?$/,
  );
  await user.follow(user.button("Replay"));
  const progress = user.page.locator("#progress");
  assert.equal(await progress.innerText(), "Completed: 21 events replayed.");

  await user.follow(user.link("Dead"));
  assert.equal(await group(user).count(), 0, "the group is gone");
  await until(async () => {
    await user.goto(`${site.admin}/overview`);
    return (await depth(user.page, "ready")) + (await depth(user.page, "leased")) === 0;
  }, "the replayed events have run");
  assert.equal(await depth(user.page, "dead"), dead - 21);
  await user.goto(`${site.admin}/events?state=done&id=crm-contact-created-0`);
  assert.equal((await keys(user.page)).length, 1, "a replayed event is done");
  const [end, start] = await audit(user, site.admin);
  assert.deepEqual([end[0], end[1], end[3]], ["ada", "replay", "21"]);
  assert.match(end[2], /^dead events of type crm\.contact\.created with an error of group/);
  assert.deepEqual([start[0], start[1]], ["ada", "replay started"]);
}

async function dropGroup({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/dead`);
  await user.follow(group(user).getByRole("link", { name: "Drop…" }));
  await user.follow(user.link("Cancel"));
  assert.equal((await keys(user.page)).length, 21, "a cancelled drop drops nothing");
  await user.page.goBack();
  await user.follow(user.button("Drop"));
  assert.equal(await user.page.locator("#progress").innerText(), "Completed: 21 events dropped.");
  await user.follow(user.link("Events of this filter"));
  assert.equal((await keys(user.page)).length, 0, "the events are gone");
  await user.goto(`${site.admin}/events?id=crm-contact-created-0`);
  await user.follow(user.page.locator("table.events tbody a").first());
  assert.match(await user.page.locator("#payload").innerText(), /pruned or dropped/);
}

async function single({ site, visit }) {
  const user = await visit();
  for (const [verb, result] of [["Replay", "replayed"], ["Drop", "dropped"]]) {
    await user.goto(`${site.admin}/events?${GROUP}`);
    const [key] = await keys(user.page);
    await user.follow(user.link(key));
    await user.follow(user.link(`${verb} the event…`));
    assert.equal(await user.page.locator("#question").innerText(), `${verb} event ${key} (dead)?`);
    await user.follow(user.button(verb));
    const progress = await user.page.locator("#progress").innerText();
    assert.equal(progress, `Completed: 1 event ${result}.`);
    const [entry] = await audit(user, site.admin);
    assert.deepEqual(entry, ["ada", verb.toLowerCase(), `event ${key}`, "1"]);
  }
}

// Starts a replay of every done event, which stays at its first batch.
async function startHeld(site, user) {
  await site.hold();
  await user.goto(`${site.admin}/confirm?action=replay&state=done`);
  await user.follow(user.button("Replay"));
  assert.equal(await user.page.locator("#progress").innerText(), "Running: 0 events replayed so far.");
  return user.page.url();
}

async function stop({ site, visit }, options) {
  const user = await visit(options);
  const action = await startHeld(site, user);
  await user.follow(user.button("Stop"));
  assert.equal(await user.page.locator("#progress").innerText(), "Stopping: 0 events replayed so far.");
  await site.release();
  await until(async () => {
    await user.goto(action);
    return (await user.page.locator("#progress").innerText()) === "Stopped: 500 events replayed.";
  }, "the action stops after its batch");
  assert.equal(await user.button("Stop").count(), 0);
  const [entry] = await audit(user, site.admin);
  assert.deepEqual(entry, ["ada", "replay", "done events (stopped)", "500"]);
}

async function closedTab({ site, visit }) {
  const [starter, other] = [await visit(), await visit()];
  const action = await startHeld(site, starter);
  await starter.page.close();
  await other.goto(`${site.admin}/confirm?action=replay&state=done`);
  await other.follow(other.button("Replay"), 409);
  await other.follow(other.link("The running action"));
  assert.equal(other.page.url(), action);
  await site.release();
  await until(async () => {
    await other.goto(action);
    const progress = await other.page.locator("#progress").innerText();
    return progress === `Completed: ${DONE} events replayed.`;
  }, "the action goes on without its tab");
}

export const checks = {
  "a group of dead events is replayed, and its events run": (world) => replay(world),
  "a group is replayed without JavaScript": (world) => replay(world, { javaScript: false }),
  "a group of dead events is dropped": (world) => dropGroup(world),
  "a group is dropped without JavaScript": (world) => dropGroup(world, { javaScript: false }),
  "a single event is replayed, and another dropped": single,
  "a running action is stopped": (world) => stop(world),
  "a running action is stopped without JavaScript": (world) => stop(world, { javaScript: false }),
  "an action survives its tab and runs once": closedTab,
};
