// The program that serves the dashboards.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

const PROGRAM = new URL("../../../target/debug/browser-site", import.meta.url).pathname;

// An address of this machine that is not loopback. Browsers send `Sec-Fetch-Site` to loopback and
// over HTTPS only.
export const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((address) => address.family === "IPv4" && !address.internal)?.address;

export class Site {
  // Starts a program of its own, so that no check sees the actions of another.
  static async start({ isPlain = false } = {}) {
    const options = [isPlain ? ["--plain"] : [], elsewhere ?? []].flat();
    const program = spawn(PROGRAM, options, { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    assert.ok(!done, "the program printed its addresses");
    return new Site(program, lines, JSON.parse(value));
  }

  #program;
  #lines;
  #secret;
  #delivered = 0;

  constructor(program, lines, { secret, ...addresses }) {
    this.#program = program;
    this.#lines = lines;
    this.#secret = secret;
    Object.assign(this, addresses);
    this.admin = `${this.loopback}/admin/webhooks`;
  }

  // Holds replays and drops until `release`.
  hold = () => this.#command("hold");
  release = () => this.#command("release");

  async #command(command) {
    this.#program.stdin.write(`${command}\n`);
    assert.equal((await this.#lines.next()).value, command);
  }

  // Delivers an event as the sender does.
  async deliver(type) {
    this.#delivered += 1;
    const data = JSON.stringify(JSON.stringify({ id: `delivered-${this.#delivered}` }));
    const body = `{"id_event":"delivered-${this.#delivered}","data":${data},"type":"${type}"}`;
    const signature = createHmac("sha256", this.#secret).update(data).digest("hex");
    const headers = { "Content-Type": "application/json", "Panora-Signature": signature };
    const answer = await fetch(`${this.loopback}/webhook`, { method: "POST", headers, body });
    assert.equal(answer.status, 200, "the delivery was accepted");
  }

  async stop() {
    const ended = once(this.#program, "exit");
    this.#program.stdin.end();
    const [status] = await ended;
    assert.equal(status, 0, "the program ended without an error");
  }
}
