/** Reads `--encryption-provider-config`: an EncryptionConfiguration of apiserver.config.k8s.io/v1. */
import { readDocument } from '../../configuration/document.ts';
import { list, object, type Read, text } from '../../configuration/shape.ts';
import { EncryptionRules, type Forms, plainForm, type StoredForm } from './encryption-rules.ts';
import { type KmsConfiguration, kmsShape, readKmsConfiguration } from './kms/kms-configuration.ts';
import { aesCbc, aesGcm, type Cipher, type CipherKind, secretbox } from './transformers.ts';

const keys = object({ keys: list(object({ name: text, secret: text })) });
const provider = object({
  aescbc: keys,
  aesgcm: keys,
  secretbox: keys,
  identity: object({}),
  kms: kmsShape,
});
const fields = {
  resources: list(object({ resources: list(text), providers: list(provider) })),
};

type Provider = Read<typeof provider>;
type Keys = Read<typeof keys>;

const aesSizes = [16, 24, 32];
const boxSizes = [32];

/** Connects to a key management plugin: its cipher. */
export type OpenKms = (kms: KmsConfiguration) => Promise<{ readonly cipher: Cipher }>;

/** Throws an Error of one line for what is not right. */
export async function readEncryptionConfiguration(
  bytes: Uint8Array,
  openKms: OpenKms,
): Promise<EncryptionRules> {
  const { resources = [] } = readDocument(bytes, 'EncryptionConfiguration', fields);
  if (resources.length === 0) throw new Error('resources: at least one resources is required');
  const byName = new Map<string, Forms>();
  const plugins = new Set<string>();
  for (const [i, rule] of resources.entries()) {
    const at = `resources[${i}]`;
    const { resources: names = [], providers = [] } = rule;
    if (names.length === 0) throw new Error(`${at}.resources: at least one is required`);
    if (providers.length === 0) throw new Error(`${at}.providers: at least one is required`);
    checkNames(names, `${at}.resources`);
    const forms: StoredForm[] = [];
    for (const [j, one] of providers.entries()) {
      const here = `${at}.providers[${j}]`;
      checkSingle(one, here);
      if (one.kms === undefined) forms.push(...(await formsOf(one, here)));
      else {
        const kms = readKmsConfiguration(one.kms, `${here}.kms`, plugins);
        plugins.add(kms.name);
        const { cipher } = await openKms(kms);
        forms.push({ header: `k8s:enc:kms:v2:${kms.name}:`, cipher });
      }
    }
    for (const name of names) {
      const [, group = ''] = splitName(name);
      const earlier = [`*.${group}`, '*.*'].find((other) => other !== name && byName.has(other));
      if (earlier !== undefined) {
        throw new Error(`resource "${name}" is masked by earlier rule "${earlier}"`);
      }
      byName.set(name, [...(byName.get(name) ?? []), ...forms] as unknown as Forms);
    }
  }
  return new EncryptionRules(byName);
}

function splitName(name: string): [string, string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

const unreal = ['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'];

function checkNames(names: readonly string[], at: string): void {
  const bad = (i: number, why: string) => new Error(`${at}[${i}]: ${names[i]}: ${why}`);
  for (const [i, name] of names.entries()) {
    const [resource, group] = splitName(name);
    if (name !== name.toLowerCase()) {
      throw bad(i, 'resource name should not contain capital letters');
    }
    if (name === '*') {
      throw bad(i, "use '*.' to encrypt all the resources from core API group or *.* for all");
    }
    if (unreal.includes(name)) {
      throw bad(i, 'resources which do not have REST API/s cannot be encrypted');
    }
    if (group === 'events.k8s.io') throw bad(i, "use 'events': they are stored under that name");
    if (group === 'extensions') throw bad(i, "'extensions' group has been removed");
    if (group === '*' && resource !== '*') {
      throw bad(i, 'encrypting the same resource across groups is not supported');
    }
    if (names.indexOf(name) !== i) {
      throw bad(i, 'the same resource cannot be specified multiple times');
    }
    const covered = names.length > 1 && name === '*.*';
    const beside = names.some((other, j) => j !== i && splitName(other)[1] === group);
    if (covered || (resource === '*' && beside)) {
      throw bad(i, 'using overlapping resources in the same list is not allowed');
    }
  }
}

/** An element of the list names one kind of provider. */
function checkSingle(one: Provider, at: string): void {
  const given = Object.keys(one).filter((k) => one[k as keyof Provider] !== undefined);
  if (given.length === 0) {
    throw new Error(`${at}: kms, aescbc, aesgcm, secretbox or identity is needed`);
  }
  if (given.length > 1) {
    throw new Error(`${at}: more than one provider specified in a single element`);
  }
}

/** In the order of the keys. */
async function formsOf(one: Provider, at: string): Promise<StoredForm[]> {
  if (one.identity !== undefined) return [plainForm];
  if (one.aescbc !== undefined) return keyed('aescbc', one.aescbc, aesCbc, aesSizes, at);
  if (one.aesgcm !== undefined) return keyed('aesgcm', one.aesgcm, aesGcm, aesSizes, at);
  return keyed('secretbox', one.secretbox!, await secretbox(), boxSizes, at);
}

function keyed(
  name: string,
  { keys: all = [] }: Keys,
  kind: CipherKind,
  sizes: readonly number[],
  at: string,
): StoredForm[] {
  if (all.length === 0) throw new Error(`${at}.${name}.keys: at least one keys is required`);
  return all.map((key, i) => {
    const here = `${at}.${name}.keys[${i}]`;
    if (!key.name) throw new Error(`${here}.name: name is a mandatory field for a key`);
    if (!key.secret) throw new Error(`${here}.secret: secret is a mandatory field for a key`);
    const secret = Buffer.from(key.secret, 'base64');
    // Never shown: it is a secret.
    if (secret.toString('base64') !== key.secret) {
      throw new Error(`${here}.secret: secrets must be base64 encoded`);
    }
    if (!sizes.includes(secret.length)) {
      throw new Error(
        `${here}.secret: secret is not of the expected length, got ${secret.length}, expected one of [${sizes.join(' ')}]`,
      );
    }
    return { header: `k8s:enc:${name}:v1:${key.name}:`, cipher: kind(secret) };
  });
}
