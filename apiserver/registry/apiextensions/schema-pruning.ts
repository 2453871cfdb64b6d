/** Fields that a schema does not know, and that are taken out of objects for that. */
import { member } from '../../../machinery/meta/member.ts';
import { additionalSchema, itemSchema, type JsonSchema } from './json-schema.ts';

/** Known in every object, whatever its schema says. */
export const objectFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** True when something of the value would be taken out. */
export function hasUnknownFields(value: unknown, s: JsonSchema | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const kept = s?.['x-kubernetes-preserve-unknown-fields'] === true;
  if (Array.isArray(value)) {
    const items = s === undefined ? undefined : itemSchema(s);
    return (!kept || items !== undefined) && value.some((v) => hasUnknownFields(v, items));
  }
  const entries = Object.entries(value);
  if (s === undefined) return entries.length > 0;
  return entries.some(([name, v]) => {
    if (s['x-kubernetes-embedded-resource'] === true && objectFields.has(name)) return false;
    const property = member(s.properties ?? {}, name);
    if (property !== undefined) return hasUnknownFields(v, property);
    const any = s.additionalProperties ?? undefined;
    return any === undefined ? !kept : hasUnknownFields(v, additionalSchema(s));
  });
}
