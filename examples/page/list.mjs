// The same list in a shell: what is typed is added, and the list is told
// whenever it has changed, here or anywhere.

import { createInterface } from "node:readline";
import { open } from "martinelli/node";

const app = await open({ dir: "list-data", servers: [process.env.LIST ?? "http://127.0.0.1:7070"], user: process.env.USER ?? "ann" });
const { items } = app.databases;
const tell = () => console.log(items.value.join(", "));
items.subscribe(tell);
tell();

for await (const item of createInterface({ input: process.stdin })) await app.events.add({ item }).durable;
await app.close();
