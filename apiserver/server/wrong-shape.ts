/** 406 for metadata of one object where there is a list, and of a list where there is one object. */
import { internalTypeName } from '../../machinery/codec/body.ts';
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { OutputForm } from './output-form.ts';

/** Throws for an answer that holds one object. `value`: what names its kind. */
export function checkOne(form: OutputForm, value: { apiVersion?: string; kind?: string }): void {
  if (!form.asList || value.kind === 'Status') return;
  const text = `you requested PartialObjectMetadataList, but the requested object is not a list (${typeName(value)})`;
  throw new StatusError('NotAcceptable', text);
}

/** Throws for an answer that is a list. */
export function checkList(form: OutputForm, value: { apiVersion?: string; kind?: string }): void {
  if (form.as !== 'PartialObjectMetadata' || form.asList) return;
  const text = `you requested PartialObjectMetadata, but the requested object is a list (${typeName(value)})`;
  throw new StatusError('NotAcceptable', text);
}

function typeName({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): string {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return `*${internalTypeName({ group, version: apiVersion.slice(slash + 1), kind })}`;
}
