/**
 * `--admission-control-config-file`: what plugins are told beside flags.
 * Format: AdmissionConfiguration, apiserver.config.k8s.io/v1.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

/** The document of each plugin that has one, by the plugin's name. */
export type PluginConfigurations = ReadonlyMap<string, unknown>;

/** Reads the file and the files that it names. Throws an Error that names the file. */
export function readPluginConfigurations(file: string | undefined): PluginConfigurations {
  if (file === undefined) return new Map();
  const document = documentOf(file);
  const { kind, plugins = [] } = document as { kind?: unknown; plugins?: unknown };
  if (kind !== 'AdmissionConfiguration' || !Array.isArray(plugins)) {
    throw new Error(`${file}: must be an AdmissionConfiguration of apiserver.config.k8s.io/v1`);
  }
  const out = new Map<string, unknown>();
  for (const entry of plugins as { name?: unknown; path?: unknown; configuration?: unknown }[]) {
    const { name, path, configuration } = entry;
    if (typeof name !== 'string') throw new Error(`${file}: every plugin must have a name`);
    if (configuration !== undefined) out.set(name, configuration);
    else if (typeof path === 'string') out.set(name, documentOf(resolve(dirname(file), path)));
  }
  return out;
}

function documentOf(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (e) {
    throw new Error(`--admission-control-config-file: cannot read: ${(e as Error).message}`);
  }
  try {
    const document: unknown = parse(text);
    if (typeof document === 'object' && document !== null) return document;
  } catch (e) {
    throw new Error(`${file}: ${(e as Error).message}`);
  }
  throw new Error(`${file}: must be an object`);
}
