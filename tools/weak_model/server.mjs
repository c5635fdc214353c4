// node server.mjs MODEL.gguf [--port N] [--seed N] [--log FILE]
//
// Serves the model at /v1/chat/completions in the form that OpenAI-compatible clients expect: plain answers, answers in
// a JSON schema (as a grammar), and tool calls. It prints one line, its URL, once it can answer. With --log every
// exchange goes to a file, one JSON object a line.
//
// Tool calls: a model this weak never writes one by itself. It is first made to choose between `speak` and the names of
// the tools (a grammar of those words), then writes the words or, in the tool's schema, the arguments.

import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { grammarSchema } from "./grammar.mjs";
import { PromptTooLong, WeakModel } from "./model.mjs";
import { chatPrompt } from "./prompt.mjs";

const DEFAULT_MAX_TOKENS = 80;
const SHAPED_MAX_TOKENS = 700;
const LARGEST_BODY = 4 * 1024 * 1024;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: "string", default: "0" }, seed: { type: "string", default: "1" }, log: { type: "string" } },
});
const model = await WeakModel.load(positionals[0]);
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
  return plain(messages, wantedSchema(request.response_format), settings);
}

function wantedSchema(format) {
  if (format?.type === "json_schema") return grammarSchema(format.json_schema.schema);
  return format?.type === "json_object" ? { type: "object" } : undefined;
}

async function plain(messages, schema, settings) {
  const maxTokens = settings.maxTokens ?? (schema === undefined ? DEFAULT_MAX_TOKENS : SHAPED_MAX_TOKENS);
  const answer = await model.answer(chatPrompt(messages), { ...settings, maxTokens, schema });
  return { ...answer, message: { role: "assistant", content: answer.text } };
}

async function answerOrUseTool(messages, tools, request, settings) {
  const name = forcedTool(request.tool_choice) ?? (await chooseAction(messages, tools, request.tool_choice, settings));
  const tool = tools.find((one) => one.function.name === name)?.function;
  if (tool === undefined) return plain(messages, wantedSchema(request.response_format), settings);
  const schema = grammarSchema(tool.parameters ?? { type: "object" });
  const opening = `I use ${tool.name} with these arguments: `;
  const answer = await model.answer(chatPrompt(messages, { opening }), { ...settings, maxTokens: 150, schema });
  const call = { id: `call_${nextSeed++}`, type: "function", function: { name: tool.name, arguments: answer.text } };
  return { ...answer, finish: "tool_calls", message: { role: "assistant", content: null, tool_calls: [call] } };
}

const forcedTool = (choice) => (typeof choice === "object" ? choice?.function?.name : undefined);

async function chooseAction(messages, tools, choice, settings) {
  const names = tools.map((tool) => tool.function.name);
  const described = tools.map((tool) => `"${tool.function.name}" (${tool.function.description ?? ""})`).join(", ");
  // Of several wordings this one makes it choose now one, now the other; most make it always take the tool.
  const question = `Is it your turn to speak, or do you use a tool? Tools: ${described}. Answer "speak" or the tool's name.`;
  const { text } = await model.answer(chatPrompt([...messages, { role: "user", content: question }]), {
    ...settings,
    maxTokens: 40,
    schema: { enum: choice === "required" ? names : ["speak", ...names] },
  });
  return JSON.parse(text);
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
