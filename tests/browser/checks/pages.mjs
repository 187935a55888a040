// Every page in light and dark, narrow and wide.

import assert from "node:assert/strict";
import axe from "axe-core";

// The pages, each with the steps that lead to it.
const PAGES = {
  "the overview of an hour": (visit, base) => visit.goto(`${base}/overview`),
  "the overview of a day": (visit, base) => visit.goto(`${base}/overview?range=day`),
  "the overview of a week": async (visit, base) => {
    await visit.goto(`${base}/overview?range=week`);
    await visit.page.locator("summary").first().click();
  },
  "the list of events": (visit, base) => visit.goto(`${base}/events`),
  "a list with every filter": (visit, base) =>
    visit.goto(
      `${base}/events?state=dead&type=crm.contact.created&from=2026-01-01T00:00` +
        "&until=2100-01-01T00:00&text=customer",
    ),
  "the list of a lane": (visit, base) => visit.goto(`${base}/events?lane=${"2a".repeat(16)}`),
  "an event that waits in its lane": async (visit, base) => {
    await visit.goto(`${base}/events?state=waiting`);
    await visit.follow(visit.page.locator("table.events tbody a").first());
  },
  "an empty list": (visit, base) => visit.goto(`${base}/events?id=unknown`),
  "a dead event": async (visit, base) => {
    await visit.goto(`${base}/events?state=dead&type=ticketing.ticket.created`);
    await visit.follow(visit.page.locator("table.events tbody a").first());
  },
  "a hostile event": async (visit, base) => {
    await visit.goto(`${base}/events?state=dead&text=window.hacked`);
    await visit.follow(visit.page.locator("table.events tbody a").first());
  },
  "a revealed event": async (visit, base) => {
    await visit.goto(`${base}/events?type=connection.created`);
    await visit.follow(visit.page.locator("table.events tbody a").first());
    await visit.follow(visit.button("Reveal the values"));
  },
  "dead events by their error": (visit, base) => visit.goto(`${base}/dead`),
  "the confirmation of a replay": (visit, base) =>
    visit.goto(`${base}/confirm?action=replay&state=dead`),
  // The first of the parked comments.
  "the confirmation of a drop": (visit, base) => visit.goto(`${base}/confirm?action=drop&event=735`),
  "the list of actions": (visit, base) => visit.goto(`${base}/actions`),
  "a running action": async (visit, base) => {
    await visit.goto(`${base}/actions`);
    await visit.follow(visit.page.locator("#jobs a").first());
    await visit.button("Stop").waitFor();
  },
  "the audit": (visit, base) => visit.goto(`${base}/audit`),
  "paused events": (visit, base) => visit.goto(`${base}/pauses`),
  "a problem": (visit, base) => visit.goto(`${base}/event/999999`, 404),
};

// Background of the page as a share of white.
const brightness = (page) =>
  page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g);
    return (Number(red) + Number(green) + Number(blue)) / (3 * 255);
  });

async function assertFits(page) {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }));
  assert.ok(content <= window, `the page is ${content} px wide, the window ${window} px`);
}

// Short words that users read again and again stay on one line.
async function assertWordsAreWhole(page) {
  const broken = await page.evaluate(() => {
    const found = [];
    const wholes = "th[scope=col], .state, nav a, .links a, button, dt";
    for (const element of document.querySelectorAll(wholes)) {
      const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        for (const { index, 0: word } of texts.currentNode.data.matchAll(/[^\s-]{1,12}/g)) {
          const range = document.createRange();
          range.setStart(texts.currentNode, index);
          range.setEnd(texts.currentNode, index + word.length);
          const tops = [...range.getClientRects()].map(({ top }) => Math.round(top));
          if (new Set(tops).size > 1) found.push(word);
        }
      }
    }
    return found;
  });
  assert.deepEqual(broken, [], "words that are broken over two lines");
}

async function assertAccessible(page) {
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ["violations"] }),
  );
  assert.ok(passes.length > 10, "axe has examined the page");
  const found = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const places = found.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`),
  }));
  assert.deepEqual(places, [], "serious findings of axe");
}

// Starts an action that stays as it is, for the pages that show one.
async function startHeldAction(site, visit) {
  await site.hold();
  await visit.goto(`${site.admin}/confirm?action=replay&state=done`);
  await visit.follow(visit.button("Replay"));
}

async function everyPage({ site, visit }, options) {
  const user = await visit(options);
  await startHeldAction(site, user);
  for (const [name, open] of Object.entries(PAGES)) {
    try {
      await open(user, site.admin);
      await assertFits(user.page);
      await assertWordsAreWhole(user.page);
      await assertAccessible(user.page);
      const share = await brightness(user.page);
      assert.ok(options.colours === "dark" ? share < 0.2 : share > 0.8, `brightness ${share}`);
      assert.deepEqual(user.faults, [], "faults in the browser");
    } catch (error) {
      throw new Error(`on ${name}: ${error.message}`, { cause: error });
    }
  }
}

export const checks = Object.fromEntries(
  ["light", "dark"].flatMap((colours) =>
    [360, 1280].map((width) => [
      `every page is accessible and fits, ${colours} and ${width} px wide`,
      (world) => everyPage(world, { colours, width }),
    ]),
  ),
);
