/** `--runtime-config`: which of the API's versions and resources are served. */
import type { ApiGroup } from '../registry/groups.ts';

/** Whether something is not served. */
export type Disabled = (group: string, version: string, plural: string) => boolean;

const classes = ['api/all', 'api/ga', 'api/beta', 'api/alpha', 'api/legacy'];

/**
 * Reads `key=value` pairs over all groups that there are: `api/all`, `api/ga`, then single versions
 * (`apps/v1`), then single resources (`apps/v1/deployments`). Throws an Error with one line for
 * people for what is not there or cannot be turned on.
 */
export function disabledApis(
  pairs: readonly string[],
  groups: readonly ApiGroup[],
): Disabled | undefined {
  if (pairs.length === 0) return undefined;
  const config = new Map(pairs.map(parsePair));
  let all = true;
  for (const name of classes) {
    const value = config.get(name);
    if (value === undefined) continue;
    if (name === 'api/all' || name === 'api/ga') all = value;
    // Only stable versions are there.
    else if (value && name !== 'api/legacy') throw problem(name, 'there are no such versions here');
    if (name === 'api/all' && value) {
      throw problem(name, 'alpha and beta versions are not there to be turned on');
    }
  }
  const single = new Map<string, boolean>();
  for (const [key, value] of config) {
    if (classes.includes(key)) continue;
    checkKnown(key, groups);
    single.set(key, value);
  }
  return (group, version, plural) => {
    const name = group === '' ? version : `${group}/${version}`;
    const of = single.get(`${name}/${plural}`) ?? single.get(name) ?? all;
    return !of;
  };
}

function parsePair(pair: string): [string, boolean] {
  const [key = '', value = 'true'] = pair.split('=');
  // The core group is named in both ways.
  const name = key === 'api/v1' || key.startsWith('api/v1/') ? key.slice('api/'.length) : key;
  if (value === 'true' || value === '') return [name, true];
  if (value === 'false') return [name, false];
  throw problem(pair, 'neither true nor false');
}

function checkKnown(key: string, groups: readonly ApiGroup[]): void {
  const parts = key.split('/');
  const core = parts[0] === 'v1';
  const [group = '', version = '', plural] = core ? ['', ...parts] : parts;
  const known = groups.find((g) => g.name === group);
  if (known === undefined) throw problem(key, `unknown api groups ${group}`);
  const served =
    known.versions.includes(version) &&
    (plural === undefined || known.resources.some((r) => r.plural === plural));
  if (!served) throw problem(key, 'it is not there');
}

function problem(what: string, why: string): Error {
  return new Error(`--runtime-config=${what}: ${why}`);
}
