/** What Go's JSON decoder says of texts inside objects. */
import { JsonSyntaxError, readJson } from '../../../machinery/codec/json-text.ts';

/** A JSON text's value, or what is wrong with it. */
export function parseGoJson(text: string): { value?: unknown; problem?: string } {
  try {
    return { value: readJson(Buffer.from(text), false).value };
  } catch (e) {
    if (e instanceof JsonSyntaxError) return { problem: e.message };
    throw e;
  }
}

/** Undefined when the text is a JSON object (or null, which Go takes for one). */
export function jsonObjectProblem(text: string): string | undefined {
  const { value, problem } = parseGoJson(text);
  if (problem !== undefined) return problem;
  if (value === null || (typeof value === 'object' && !Array.isArray(value))) return undefined;
  const kind = Array.isArray(value)
    ? 'array'
    : value === true || value === false
      ? 'bool'
      : typeof value === 'string'
        ? 'string'
        : 'number';
  return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`;
}
