// Filters, pages of a list, and the events of a filter.

import assert from "node:assert/strict";

import { keys, states } from "../support/pages.mjs";

const COMPANIES = 120 + 8 + 4;

async function filter({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/events`);
  await user.page.getByLabel("State").selectOption("dead");
  await user.page.getByLabel("Event type").fill("ticketing.ticket.created");
  await user.follow(user.button("Apply"));
  assert.deepEqual(await states(user.page), Array(9).fill("dead"));
  const summary = await user.page.locator("#summary").innerText();
  assert.equal(summary, "9 dead events of type ticketing.ticket.created.");
  assert.equal(await user.page.getByLabel("State").inputValue(), "dead", "the form keeps the filter");

  await user.page.getByLabel("Text in the error").fill("902 MS");
  await user.follow(user.button("Apply"));
  assert.equal((await keys(user.page)).length, 1, "the text is in one error");

  await user.follow(user.link("Clear the filter"));
  assert.equal((await keys(user.page)).length, 50, "a whole page of events");
  await user.page.getByLabel("Id of the event (id_event)").fill("connection-1");
  await user.follow(user.button("Apply"));
  assert.equal((await keys(user.page)).length, 1, "one event has this id");
}

// Turns pages while events arrive, there and back.
async function pages({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/events?type=crm.company.created`);
  const seen = await keys(user.page);
  while ((await user.link("Older events").count()) > 0) {
    await site.deliver("crm.company.push");
    await user.follow(user.link("Older events"));
    seen.push(...(await keys(user.page)));
  }
  assert.equal(seen.length, COMPANIES, "no event is skipped, and none that arrived later is shown");
  const descending = seen.map(Number).toSorted((one, other) => other - one).map(String);
  assert.deepEqual(seen, [...new Set(descending)], "newest first, none twice");

  // Back from the last page, whose events are there again in the end.
  const back = (await keys(user.page)).toReversed();
  while ((await user.link("Newer events").count()) > 0) {
    await user.follow(user.link("Newer events"));
    back.push(...(await keys(user.page)).toReversed());
  }
  assert.equal(back.length, COMPANIES + 2, "the way back includes what arrived meanwhile");
  assert.deepEqual(back.slice(0, COMPANIES), seen.toReversed(), "the same events on the way back");
}

async function event({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/events?state=dead&type=ticketing.ticket.created`);
  const [first, second] = await keys(user.page);
  await user.follow(user.link(first));
  const record = await user.page.locator("#record").innerText();
  assert.match(record, /ticketing-ticket-created-8/);
  assert.match(record, /the help desk answered 503 after 908 ms/);
  const attempts = await user.page.locator(".timeline li").allInnerTexts();
  assert.equal(attempts.length, 3, "three attempts");
  attempts.forEach((text, place) => {
    assert.match(text, new RegExp(`Attempt ${place + 1}: failed`));
    assert.match(text, /worker receiver-1:4711/);
    assert.match(text, /answered 503 after 908 ms\nbody: overloaded/);
  });

  assert.equal(await user.link("Newer event").count(), 0, "it is the newest of the filter");
  await user.follow(user.link("Older event"));
  assert.equal(await user.page.locator("h1").innerText(), `Event ${second}`);
  await user.follow(user.link("Newer event"));
  assert.equal(await user.page.locator("h1").innerText(), `Event ${first}`);
  await user.follow(user.link("List of events"));
  assert.equal((await keys(user.page)).length, 9, "the list has the same filter");
}

async function lane({ site, visit }, options) {
  const user = await visit(options);
  await user.goto(`${site.admin}/events?state=waiting`);
  const [newest] = await keys(user.page);
  await user.follow(user.link(newest));
  const link = user.page.locator("#record a", { hasText: /^[0-9a-f]{32}$/ });
  const name = await link.innerText();
  await user.follow(link);
  const summary = await user.page.locator("#summary").innerText();
  assert.equal(summary, `6 events in any state of lane ${name}.`);
  assert.deepEqual(await states(user.page), [...Array(5).fill("waiting"), "delayed, head"]);

  await user.page.getByLabel("State").selectOption("waiting");
  await user.follow(user.button("Apply"));
  assert.equal((await keys(user.page)).length, 5, "the form keeps the lane");

  await user.follow(user.link(newest));
  await user.follow(user.page.locator("#record a", { hasText: /^event \d+$/ }));
  const record = await user.page.locator("#record").innerText();
  assert.match(record, /this event is its head/);
}

export const checks = {
  "a filter shows the events that it accepts": (world) => filter(world),
  "a filter works without JavaScript": (world) => filter(world, { javaScript: false }),
  "pages neither skip nor repeat an event while others arrive": (world) => pages(world),
  "pages work without JavaScript": (world) => pages(world, { javaScript: false }),
  "a lane is listed with its head, and a waiting event leads to both": (world) => lane(world),
  "a lane is listed without JavaScript": (world) => lane(world, { javaScript: false }),
  "an event shows its attempts and its neighbours in the filter": (world) => event(world),
  "an event is shown without JavaScript": (world) => event(world, { javaScript: false }),
};
