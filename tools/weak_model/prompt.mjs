// A list of chat messages → the ChatML text that SmolLM2 was trained on.

export function chatPrompt(messages, { opening = "" } = {}) {
  const turns = messages.map(({ role, content, tool_calls: calls }) => {
    const speaker = role === "assistant" || role === "system" ? role : "user";
    const words = plainText(content) + (calls === undefined ? "" : JSON.stringify(calls.map((call) => call.function)));
    return `<|im_start|>${speaker}\n${words}<|im_end|>\n`;
  });
  return `${turns.join("")}<|im_start|>assistant\n${opening}`;
}

function plainText(content) {
  if (Array.isArray(content)) return content.map((part) => part.text ?? "").join("");
  return content ?? "";
}
