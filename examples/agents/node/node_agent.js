// A chat agent in one file: a WebSocket server in front of any OpenAI-compatible language model.
//
//   npm ci
//   export OPENAI_API_KEY=...                            # your key; or, for a model on this machine:
//   export OPENAI_BASE_URL=http://127.0.0.1:11434/v1
//   node node_agent.js --port 8765
//   ringback check-agent ws://127.0.0.1:8765
//
// OPENAI_MODEL names the model. AGENT_SECRET, where it is set, must come in the header X-VOCERA-SECRET of whoever calls.

import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";

const INSTRUCTIONS =
  "You answer the telephone of a bicycle shop. It is open from Monday to Saturday, 9 to 18. An inspection costs 60 " +
  "euros, a new chain 40. Answer in one or two short sentences, and never invent a price or an appointment.";
const GREETING = "Hello, this is the bicycle shop. How can I help you?";
const APOLOGY = "I am sorry, I cannot look that up right now. Please call again in a few minutes.";

const { values: flags } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8765" },
    keepalive: { type: "string", default: "8" }, // seconds between signs of life while the model thinks
  },
});
const baseUrl = (process.env.OPENAI_BASE_URL ?? "https://api.openai.com/v1").replace(/\/+$/, "");
const apiKey = process.env.OPENAI_API_KEY ?? "";
const model = process.env.OPENAI_MODEL ?? "gpt-4.1-mini";
const secret = process.env.AGENT_SECRET ?? "";

const lines = new WebSocketServer({ noServer: true });
const server = createServer((request, response) => response.writeHead(426).end("this is a WebSocket server"));

server.on("upgrade", (request, socket, head) => {
  if (secret && !same(request.headers["x-vocera-secret"] ?? "", secret)) {
    socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  lines.handleUpgrade(request, socket, head, (line) => takeCall(line, request));
});

server.listen(Number(flags.port), flags.host, () => {
  // Port 0 lets the system choose; the address that was chosen stands in this line.
  console.log(`listening on ws://${flags.host}:${server.address().port}`);
});

/** Holds one conversation. Its history is its own: calls share nothing. */
function takeCall(line, request) {
  // Test profiles arrive as X- headers; a customer who is known is greeted by name.
  const name = request.headers["x-customer-name"];
  const known = name ? ` You are talking to the customer ${JSON.stringify(name)}.` : "";
  const history = [
    { role: "system", content: INSTRUCTIONS + known },
    { role: "assistant", content: GREETING },
  ];
  const hungUp = new AbortController();
  let answering = Promise.resolve();

  const send = (frame) => line.readyState === line.OPEN && line.send(JSON.stringify(frame));

  async function answer(words) {
    if (hungUp.signal.aborted) return;
    history.push({ role: "user", content: words });
    // A frame of metadata is no turn, and it shows that somebody is working.
    const signs = setInterval(() => send({ metadata: { keepalive: true } }), Number(flags.keepalive) * 1000);
    const reply = await askModel(history, hungUp.signal).finally(() => clearInterval(signs));
    history.push({ role: "assistant", content: reply });
    send({ content: reply });
  }

  line.on("message", (data, isBinary) => {
    const heard = isBinary ? undefined : understand(data.toString());
    if (heard?.type === "end_call") return line.close();
    // One after the other: the second message is answered with the first answer in the history.
    if (typeof heard?.content === "string") answering = answering.then(() => answer(heard.content));
  });
  line.on("close", () => hungUp.abort());
  line.on("error", (problem) => console.error(`line: ${problem.message}`));
  send({ content: GREETING });
}

/** The model's next words; an apology where it has none, for silence tells a caller nothing. */
async function askModel(messages, signal) {
  try {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(apiKey && { Authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({ model, messages }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]),
    });
    if (!response.ok) throw new Error(`the model's server answered ${response.status}`);
    return (await response.json()).choices[0].message.content || APOLOGY;
  } catch (problem) {
    if (!signal.aborted) console.error(`no answer from the model: ${problem.message}`);
    return APOLOGY;
  }
}

/** The object in a frame; undefined for anything else. */
function understand(text) {
  try {
    const heard = JSON.parse(text);
    return heard !== null && typeof heard === "object" && !Array.isArray(heard) ? heard : undefined;
  } catch {
    return undefined;
  }
}

/** Compares without telling by its duration how much was right. */
function same(given, wanted) {
  const digest = (text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
