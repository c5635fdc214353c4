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
