// node server.mjs MODEL.gguf [--port N] [--seed N] [--threads N] [--agreeable] [--log FILE]
//
// Serves the model at /v1/chat/completions in the form that OpenAI-compatible clients expect: plain answers, answers in
// a JSON schema (as a grammar), and tool calls. It prints one line, its URL, once it can answer. With --log every
// exchange goes to a file, one JSON object a line. On a machine that is busy otherwise `--threads 1` is many times as
// fast as 2: threads that wait for each other wait for the machine.
//
// Tool calls: a model this weak never writes one by itself, and asked whether it wants a tool it nearly always says yes.
// So it speaks first; where its words name a tool, or say goodbye and there is a tool to hang up with, it then writes
// the arguments, in the tool's schema.

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { agreeableVerdict, grammarSchema } from "./grammar.mjs";
import { PromptTooLong, WeakModel } from "./model.mjs";
import { chatPrompt } from "./prompt.mjs";

const DEFAULT_MAX_TOKENS = 80;
const SHAPED_MAX_TOKENS = 300;
const LARGEST_BODY = 4 * 1024 * 1024;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    threads: { type: "string", default: "2" },
    agreeable: { type: "boolean", default: false },
    log: { type: "string" },
  },
});
const model = await WeakModel.load(positionals[0], Number(options.threads));
let nextSeed = Number(options.seed);

async function complete(request) {
  const messages = request.messages;
  if (!Array.isArray(messages) || messages.length === 0) throw new BadRequest("messages: a list with at least one entry");
  const settings = {
    maxTokens: request.max_completion_tokens ?? request.max_tokens,
    temperature: request.temperature ?? 0.7,
    seed: request.seed ?? nextSeed++,
  };
  const tools = request.tools ?? [];
  if (tools.length > 0 && request.tool_choice !== "none") return answerOrUseTool(messages, tools, request, settings);
  return plain(messages, wantedSchema(request), settings);
}

function wantedSchema({ response_format: format, messages }) {
  if (format?.type === "json_schema") {
    const schema = format.json_schema.schema;
    return options.agreeable ? agreeableVerdict(schema, messages.find(({ role }) => role === "user").content) : grammarSchema(schema);
  }
  return format?.type === "json_object" ? { type: "object" } : undefined;
}

async function plain(messages, schema, settings) {
  const maxTokens = settings.maxTokens ?? (schema === undefined ? DEFAULT_MAX_TOKENS : SHAPED_MAX_TOKENS);
  const answer = await model.answer(chatPrompt(messages), { ...settings, maxTokens, schema });
  return { ...answer, message: { role: "assistant", content: answer.text } };
}

async function answerOrUseTool(messages, tools, request, settings) {
  const spoken = await plain(messages, wantedSchema(request), settings);
  const tool = forcedTool(tools, request.tool_choice) ?? toolMeant(tools, spoken.text);
  if (tool === undefined) return spoken;
  const said = [...messages, { role: "assistant", content: spoken.text }, { role: "user", content: `Now use ${tool.name}.` }];
  const schema = grammarSchema(tool.parameters ?? { type: "object" });
  const { text, ...answer } = await model.answer(chatPrompt(said), { ...settings, maxTokens: 150, schema });
  const call = { id: `call_${nextSeed++}`, type: "function", function: { name: tool.name, arguments: text } };
  return { ...answer, finish: "tool_calls", message: { role: "assistant", content: spoken.text, tool_calls: [call] } };
}

function forcedTool(tools, choice) {
  if (choice === "required") return tools[0].function;
  return tools.find((tool) => tool.function.name === choice?.function?.name)?.function;
}

function toolMeant(tools, words) {
  const functions = tools.map((tool) => tool.function);
  const named = functions.find(({ name }) => words.toLowerCase().includes(name.toLowerCase()));
  const goodbye = /\b(good)?bye\b|\bhang(ing)? up\b/i.test(words);
  return named ?? (goodbye ? functions.find(({ name }) => /hang_?up|end_?call/i.test(name)) : undefined);
}

class BadRequest extends Error {}

function completion(answer, request) {
  return {
    id: `chatcmpl-${nextSeed}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model: request.model ?? "smollm2-135m",
    choices: [{ index: 0, message: answer.message, finish_reason: answer.finish, logprobs: null }],
    usage: {
      prompt_tokens: answer.promptTokens,
      completion_tokens: answer.answerTokens,
      total_tokens: answer.promptTokens + answer.answerTokens,
    },
  };
}

async function readBody(incoming) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new BadRequest("the request is too large");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new BadRequest("the request is not JSON");
  }
}

function send(outgoing, status, body) {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(body));
}

async function handle(incoming, outgoing) {
  const path = new URL(incoming.url, "http://localhost").pathname;
  if (incoming.method === "GET" && path === "/v1/models") return send(outgoing, 200, { object: "list", data: [{ id: "smollm2-135m" }] });
  if (incoming.method !== "POST" || path !== "/v1/chat/completions") return send(outgoing, 404, { error: { message: `no ${path} here` } });
  try {
    const request = await readBody(incoming);
    const answer = completion(await complete(request), request);
    if (options.log) appendFileSync(options.log, `${JSON.stringify({ request, answer })}\n`);
    return send(outgoing, 200, answer);
  } catch (error) {
    const refused = error instanceof BadRequest || error instanceof PromptTooLong;
    return send(outgoing, refused ? 400 : 500, { error: { message: String(error.message ?? error), type: refused ? "invalid_request_error" : "server_error" } });
  }
}

const server = createServer(handle);
server.listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/v1`));
