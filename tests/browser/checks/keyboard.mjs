// The keyboard alone.

import assert from "node:assert/strict";

import { states } from "../support/pages.mjs";

// Moves the focus forward to an element that the predicate accepts. Every stop has to be visible.
async function tabTo(page, name) {
  const stops = [];
  for (let count = 0; count < 80; count += 1) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      const { left, right, top, bottom } = element.getBoundingClientRect();
      // The button inside has an outline of the browser, which no script sees.
      const isPicker = element.type === "datetime-local" && !element.matches(":focus-visible");
      const label = element.labels?.[0]?.innerText ?? element.getAttribute("aria-label");
      return {
        name: (label ?? element.innerText).trim().slice(0, 60),
        hasOutline: isPicker || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2),
        isInside: right > 0 && left < innerWidth && bottom > 0 && top < innerHeight,
      };
    });
    stops.push(focus.name);
    assert.ok(focus.hasOutline, `the focus on “${focus.name}” is visible`);
    assert.ok(focus.isInside, `“${focus.name}” is inside the window`);
    if (focus.name === name) return;
  }
  assert.fail(`no stop is “${name}”: ${stops.join(", ")}`);
}

async function filterAndReplay({ site, visit }, options) {
  const user = await visit(options);
  const { page } = user;
  const enter = () => page.keyboard.press("Enter");
  await user.goto(`${site.admin}/overview`);
  await tabTo(page, "Events");
  await user.leave(enter);
  await tabTo(page, "State");
  await page.keyboard.type("dead");
  await tabTo(page, "Apply");
  await user.leave(enter);
  assert.deepEqual(await states(page), Array(35).fill("dead"));

  await tabTo(page, "Replay these events…");
  await user.leave(enter);
  assert.match(await page.locator("#question").innerText(), /^Replay 35 dead events\?$/);
  await tabTo(page, "Replay");
  await user.leave(enter);
  assert.equal(await page.locator("#progress").innerText(), "Completed: 35 events replayed.");
}

async function skip({ site, visit }) {
  const user = await visit();
  await user.goto(`${site.admin}/overview`);
  await user.page.keyboard.press("Tab");
  const first = await user.page.evaluate(() => document.activeElement.innerText);
  assert.equal(first, "Skip to the content");
  await user.page.keyboard.press("Enter");
  await tabTo(user.page, "See why the dead events failed");
}

export const checks = {
  "the keyboard alone filters and replays": (world) => filterAndReplay(world),
  "the keyboard alone is enough without JavaScript": (world) =>
    filterAndReplay(world, { javaScript: false }),
  "the keyboard skips the navigation": skip,
};
