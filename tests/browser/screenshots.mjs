// Screenshots for the guide.

import assert from "node:assert/strict";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

const MAX_BYTES = 200_000;

export async function take({ site, visit }, folder) {
  const user = await visit();
  await mkdir(folder, { recursive: true });
  const shoot = async (name) => {
    const path = join(folder, `${name}.png`);
    await user.page.screenshot({ path, animations: "disabled" });
    const { size } = await stat(path);
    assert.ok(size < MAX_BYTES, `${path} has ${size} bytes`);
  };
  // High enough for the charts.
  await user.page.setViewportSize({ width: 1280, height: 1100 });
  await user.goto(`${site.admin}/overview?range=day`);
  await shoot("overview");
  await user.page.setViewportSize({ width: 1280, height: 800 });
  await user.goto(`${site.admin}/events?state=dead`);
  await shoot("events");
  await user.goto(`${site.admin}/events?state=dead&type=ticketing.ticket.created`);
  await user.follow(user.page.locator("table.events tbody a").first());
  await shoot("event");
  await user.goto(`${site.admin}/dead`);
  await shoot("dead");
}
