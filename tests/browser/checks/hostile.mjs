// Ids, types, errors and payloads that try to take over the page.

import assert from "node:assert/strict";

const SCRIPT = "<script>window.hacked = 1</script>";

// Characters that no page shows as they are: controls but line breaks, and overrides of direction.
const HIDDEN = /[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/;

async function assertInert(user, parts) {
  const { page } = user;
  const text = await page.locator("body").innerText();
  for (const part of parts) assert.ok(text.includes(part), `${page.url()} shows ${part}: ${text}`);
  assert.doesNotMatch(text, HIDDEN, page.url());
  const found = await page.evaluate(() => {
    const isHandled = (element) =>
      element.getAttributeNames().some((name) => name.startsWith("on"));
    return {
      hacked: window.hacked,
      scripts: [...document.scripts].map((script) => script.getAttribute("src").split("/").pop()),
      images: document.images.length,
      handlers: [...document.querySelectorAll("*")].filter(isHandled).length,
    };
  });
  assert.deepEqual(found, { hacked: undefined, scripts: ["live.js"], images: 0, handlers: 0 });
}

async function everyPage({ site, visit }) {
  const user = await visit();
  const { page } = user;
  const first = () => user.follow(page.locator("table.events tbody a").first());
  await user.goto(`${site.admin}/dead`);
  await assertInert(user, [SCRIPT, "\\u{202e}txet\\u{1b}[31m\\u{0}"]);

  await user.goto(`${site.admin}/events?state=dead&text=window.hacked`);
  await assertInert(user, [SCRIPT, "\\u{202e}txet"]);
  await first();
  await assertInert(user, [SCRIPT, "\\u{202e}di", "\\u{202e}txet"]);
  await user.follow(user.button("Reveal the values"));
  await assertInert(user, ["<script>window.hacked = 1", "\\u{202e}gpj.exe"]);

  await user.goto(`${site.admin}/events?state=parked&id=hostile-one`);
  await assertInert(user, [SCRIPT, "\\u{202e}epyt"]);
  await user.follow(page.locator("table.events tbody td a").first());
  assert.equal(await page.locator("table.events tbody tr").count(), 2, "the link selects the type");
  await assertInert(user, [SCRIPT, "\\u{202e}epyt"]);
  await page.getByLabel("State").selectOption("parked");
  await user.follow(user.button("Apply"));
  await user.follow(user.link("Drop these events…"));
  await assertInert(user, [SCRIPT, "\\u{202e}epyt"]);
  await user.follow(user.button("Drop"));
  await assertInert(user, [SCRIPT, "Completed: 2 events dropped."]);
  for (const list of ["actions", "audit"]) {
    await user.goto(`${site.admin}/${list}`);
    await assertInert(user, [SCRIPT, "\\u{202e}epyt"]);
  }
}

async function parameters({ site, visit }) {
  const user = await visit();
  const text = encodeURIComponent(`"'>${SCRIPT}\u{202e}`);
  for (const name of ["id", "type", "text"]) {
    await user.goto(`${site.admin}/events?${name}=${text}`);
    await assertInert(user, [SCRIPT, "\\u{202e}"]);
  }
  for (const name of ["state", "from", "group", "older"]) {
    await user.goto(`${site.admin}/events?${name}=${text}`, 400);
    await assertInert(user, ["Not possible"]);
  }
}

export const checks = {
  "hostile texts of events are inert on every page": everyPage,
  "hostile parameters of a URL are inert": parameters,
};
