// The code of Panora's guide, with verification of the signature in this process: Express 5, a
// parsed body, `data` serialised again, a switch over types, a JSON answer.
//
//   node express.mjs <folder with node_modules>
import { createHmac, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";

const express = createRequire(process.argv[2] + "/")("express");
const app = express();
app.use(express.json({ limit: "32mb" }));

app.post("/webhook", (request, response) => {
  const event = request.body;
  const sent = Buffer.from(request.get("Panora-Signature") ?? "", "hex");
  const made = createHmac("sha256", process.env.SECRET).update(JSON.stringify(event.data)).digest();
  if (sent.length !== made.length || !timingSafeEqual(sent, made)) {
    return response.status(400).send("Webhook Error: invalid signature");
  }
  switch (event.type) {
    case "crm.contact.created":
    case "crm.company.created":
      break;
    default:
      console.log(`Unhandled event type ${event.type}`);
  }
  response.json({ received: true });
});

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
