// Checks the dashboard in Chromium.
//
//     node run.mjs [--screenshots FOLDER] [PART OF THE NAME OF A CHECK]

import assert from "node:assert/strict";
import { parseArgs } from "node:util";

import * as actions from "./checks/actions.mjs";
import * as charts from "./checks/charts.mjs";
import * as hostile from "./checks/hostile.mjs";
import * as keyboard from "./checks/keyboard.mjs";
import * as lists from "./checks/lists.mjs";
import * as live from "./checks/live.mjs";
import * as local from "./checks/local.mjs";
import * as mounting from "./checks/mounting.mjs";
import * as origins from "./checks/origins.mjs";
import * as pages from "./checks/pages.mjs";
import * as payloads from "./checks/payloads.mjs";
import * as roles from "./checks/roles.mjs";
import { take } from "./screenshots.mjs";
import { elsewhere, Site } from "./support/site.mjs";
import { launch, Visit } from "./support/visit.mjs";

const GROUPS = [
  pages,
  charts,
  lists,
  payloads,
  actions,
  live,
  keyboard,
  roles,
  origins,
  mounting,
  local,
  hostile,
];

// Checks spend much of their time on waiting for live updates and short actions.
const AT_ONCE = 3;

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" } },
  allowPositionals: true,
});
if (!elsewhere) {
  console.log("Skipped: plain HTTP to another machine. This one has only loopback addresses.");
}

// Runs a check with a program of its own, and with visits that end with it. Functions that it
// passes to `afterwards` run once no page can send a request any more.
async function run(browser, check, options) {
  const site = await Site.start(options);
  const [visits, endings] = [[], []];
  const afterwards = (ending) => endings.push(ending);
  const visit = async (options) => {
    visits.push(await Visit.start(browser, options));
    return visits.at(-1);
  };
  try {
    await check({ site, visit, afterwards });
    for (const visit of visits) await visit.end();
  } finally {
    for (const ending of endings) ending();
    await site.stop();
  }
}

const browser = await launch();
const waiting = GROUPS.flatMap(({ checks }) => Object.entries(checks)).filter(([name]) =>
  name.includes(positionals[0] ?? ""),
);
let failures = 0;

async function runWaiting() {
  while (waiting.length > 0) {
    const [name, check] = waiting.shift();
    const start = Date.now();
    try {
      await run(browser, check);
      console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failures += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
}

try {
  assert.ok(waiting.length > 0, "no check has this name");
  await Promise.all(Array.from({ length: AT_ONCE }, runWaiting));
  if (values.screenshots) {
    await run(browser, (world) => take(world, values.screenshots), { isPlain: true });
  }
} finally {
  await browser.close();
}
console.log(failures === 0 ? "every check passed" : `${failures} checks failed`);
process.exitCode = failures === 0 ? 0 : 1;
