// The model itself: tokens in, tokens out, a few sequences side by side, each remembering what it has read.

import { getLlama, LlamaCompletion } from "node-llama-cpp";

const CONTEXT_TOKENS = 8192;
const SEQUENCES = 4;

export class PromptTooLong extends Error {
  constructor(tokens, room) {
    super(`the prompt has ${tokens} tokens; with room for the answer at most ${room} fit`);
  }
}

export class WeakModel {
  static async load(path, threads) {
    // What was found to be needed on a machine without a GPU: never build, never probe for one, no flash attention.
    const llama = await getLlama({ build: "never", gpu: false, progressLogs: false, logLevel: "error" });
    const model = await llama.loadModel({ modelPath: path });
    const context = await model.createContext({
      threads,
      flashAttention: false,
      contextSize: CONTEXT_TOKENS,
      sequences: SEQUENCES,
    });
    return new WeakModel(llama, model, context);
  }

  constructor(llama, model, context) {
    this.llama = llama;
    this.model = model;
    this.seats = Array.from({ length: SEQUENCES }, () => {
      const sequence = context.getSequence();
      return { sequence, completion: new LlamaCompletion({ contextSequence: sequence }), busy: false };
    });
    this.waiting = [];
  }

  async answer(text, { schema, maxTokens, temperature, seed }) {
    const prompt = this.model.tokenize(text, true);
    if (prompt.length + maxTokens > CONTEXT_TOKENS) throw new PromptTooLong(prompt.length, CONTEXT_TOKENS - maxTokens);
    const grammar = schema === undefined ? undefined : await this.llama.createGrammarForJsonSchema(schema);
    const seat = await this.#takeSeat(prompt);
    try {
      const { response, metadata } = await seat.completion.generateCompletionWithMeta(prompt, {
        grammar,
        maxTokens,
        temperature,
        seed,
        topP: 0.95,
        customStopTriggers: ["<|im_end|>", "<|im_start|>"],
      });
      return {
        text: response,
        finish: metadata.stopReason === "maxTokens" ? "length" : "stop",
        promptTokens: prompt.length,
        answerTokens: this.model.tokenize(response).length,
      };
    } finally {
      this.#giveBack(seat);
    }
  }

  async #takeSeat(prompt) {
    if (this.seats.every((seat) => seat.busy)) await new Promise((resolve) => this.waiting.push(resolve));
    // The free sequence that has read the longest beginning of this prompt has the least left to read.
    const free = this.seats.filter((seat) => !seat.busy);
    const best = free.reduce((a, b) => (shared(a, prompt) >= shared(b, prompt) ? a : b));
    best.busy = true;
    return best;
  }

  #giveBack(seat) {
    seat.busy = false;
    this.waiting.shift()?.();
  }
}

function shared(seat, prompt) {
  const read = seat.sequence.contextTokens;
  let length = 0;
  while (length < read.length && length < prompt.length && read[length] === prompt[length]) length += 1;
  return length;
}
