// A browser, and pages whose every fault counts.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// Each launch has a new profile in a temporary folder.
export const launch = () =>
  chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS, timeout: 60_000 });

export class Visit {
  static async start(browser, { javaScript = true, width = 1280, colours = "light" } = {}) {
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: colours,
      javaScriptEnabled: javaScript,
      ignoreHTTPSErrors: true,
    });
    context.setDefaultTimeout(20_000);
    return new Visit(context, await context.newPage());
  }

  // Errors in the console (among them every violation of the content security policy), exceptions,
  // dialogs and failed requests.
  faults = [];
  #expected = [];

  constructor(context, page) {
    this.context = context;
    this.page = page;
    context.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        const { url } = message.location();
        this.#note(`${message.type()} in the console: ${message.text()} (${url})`);
      }
    });
    context.on("weberror", (error) => this.#note(`exception: ${error.error()}`));
    context.on("dialog", (dialog) => {
      this.#note(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    context.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      // A live update that is under way when the page is left.
      if (reason !== "net::ERR_ABORTED") this.#note(`${request.url()} failed: ${reason}`);
    });
  }

  async goto(address, status = 200) {
    if (status >= 400) this.expectFaults(new RegExp(`status of ${status}`));
    const answer = await this.page.goto(address);
    assert.equal(answer.status(), status, `the status of ${address}`);
    return answer;
  }

  // Clicks on an element that leads to another page, and waits for that page.
  follow = (locator, status = 200) => this.leave(() => locator.click(), status);

  // Waits for the page that a step leads to.
  async leave(step, status = 200) {
    if (status >= 400) this.expectFaults(new RegExp(`status of ${status}`));
    const isPage = (answer) =>
      answer.request().isNavigationRequest() && (answer.status() < 300 || answer.status() >= 400);
    const [answer] = await Promise.all([
      this.page.waitForResponse(isPage),
      this.page.waitForEvent("load"),
      step(),
    ]);
    assert.equal(answer.status(), status, `the status of ${answer.url()}`);
    return answer;
  }

  link = (name) => this.page.getByRole("link", { name, exact: true });
  button = (name) => this.page.getByRole("button", { name, exact: true });

  // Allows the faults that a check is about to provoke. The browser may report them late.
  expectFaults(pattern) {
    this.#expected.push(pattern);
  }

  #note(fault) {
    if (!this.#expected.some((pattern) => pattern.test(fault))) this.faults.push(fault);
  }

  async end() {
    await this.context.close();
    assert.deepEqual(this.faults, [], "faults in the browser");
  }
}

// Repeats a request to the program until its answer is as expected.
export async function until(condition, message) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) assert.ok(Date.now() < deadline, message);
}
