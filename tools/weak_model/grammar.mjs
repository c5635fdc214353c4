// JSON Schema as pydantic writes it → the part of JSON Schema that node-llama-cpp turns into a grammar.
//
// References are written out (shapes here are small and not recursive), unions become `oneOf`, and what has no bound
// gets one: without it a model this weak fills a string or a list until its tokens run out, or leaves every list empty.

const LONGEST_STRING = 120;
const MOST_ITEMS = 2;

export function grammarSchema(schema, definitions = schema.$defs ?? {}) {
  if (schema.$ref !== undefined) return grammarSchema(definitions[schema.$ref.split("/").pop()] ?? {}, definitions);
  if (schema.allOf?.length === 1) return grammarSchema(schema.allOf[0], definitions);
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return { oneOf: union.map((one) => grammarSchema(one, definitions)) };
  if (schema.const !== undefined) return { const: schema.const };
  if (schema.enum !== undefined) return { enum: schema.enum };
  if (Array.isArray(schema.type)) return { oneOf: schema.type.map((type) => grammarSchema({ ...schema, type }, definitions)) };
  switch (schema.type) {
    case "object":
      return objectSchema(schema, definitions);
    case "array":
      return {
        type: "array",
        items: grammarSchema(schema.items ?? { type: "string" }, definitions),
        minItems: schema.minItems ?? 1,
        maxItems: schema.maxItems ?? MOST_ITEMS,
      };
    case "string":
      return { type: "string", minLength: schema.minLength ?? 0, maxLength: schema.maxLength ?? LONGEST_STRING };
    case "integer":
    case "number":
    case "boolean":
    case "null":
      return { type: schema.type };
    default: // a schema without a type takes any value; text is the simplest
      return { type: "string", maxLength: LONGEST_STRING };
  }
}

function objectSchema(schema, definitions) {
  const properties = Object.entries(schema.properties ?? {});
  return {
    type: "object",
    properties: Object.fromEntries(properties.map(([name, one]) => [name, grammarSchema(one, definitions)])),
  };
}

// A judge that says `met` to whatever is expected, about the whole of it at once, and is left with one thing to do: to
// quote the agent for it. So a test sees what its quotes are worth, whatever else it gets wrong.
export function agreeableVerdict(schema, question) {
  const expectation = /^=== expected \w+ ===\n([^]*?)\n=== expected/m.exec(question)?.[1];
  const part = schema.$defs?.JudgedPart;
  if (expectation === undefined || part === undefined) return grammarSchema(schema);
  const lines = [...question.matchAll(/^\[(\d+)\] agent: /gm)].map((found) => Number(found[1]));
  const evidence = objectSchema(schema.$defs.QuotedLine, schema.$defs);
  evidence.properties.entry = { enum: lines };
  evidence.properties.speaker = { const: "agent" };
  const verdict = objectSchema(part, schema.$defs);
  verdict.properties.part = { const: expectation };
  verdict.properties.explanation = { type: "string", maxLength: 40 };
  verdict.properties.evidence = { type: "array", items: evidence, minItems: 1, maxItems: 2 };
  verdict.properties.absence = { const: false };
  verdict.properties.answer = { const: "met" };
  return { type: "object", properties: { parts: { type: "array", items: verdict, minItems: 1, maxItems: 1 } } };
}
