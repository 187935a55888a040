// Servers beside the program: pages of other origins, and a proxy.

import { once } from "node:events";
import { createServer, request } from "node:http";

async function listen(server, host) {
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: server.address().port,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// Serves one page under every path.
export const servePage = (host, html) =>
  listen(
    createServer((_, answer) => answer.writeHead(200, { "Content-Type": "text/html" }).end(html)),
    host,
  );

// Serves `target` under the path `prefix`, both with a trailing slash, as a proxy that removes the
// prefix.
export const serveProxy = (prefix, target) =>
  listen(
    createServer((incoming, answer) => {
      if (!incoming.url.startsWith(prefix)) return answer.writeHead(404).end();
      const { method, headers } = incoming;
      const address = `${target}${incoming.url.slice(prefix.length)}`;
      const outgoing = request(address, { method, headers }, (upstream) => {
        answer.writeHead(upstream.statusCode, upstream.headers);
        upstream.pipe(answer);
      });
      outgoing.on("error", () => answer.destroy());
      incoming.pipe(outgoing);
    }),
    "127.0.0.1",
  );
