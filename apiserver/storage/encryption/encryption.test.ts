/** Encryption at rest: ciphers, configurations, and a store that is encrypted. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { MemoryStorage } from '../memory/memory.ts';
import { EncryptedStorage } from './encrypted-storage.ts';
import { readEncryptionConfiguration } from './encryption-configuration.ts';
import { aesCbc, aesGcm, secretbox } from './transformers.ts';

const key1 = Buffer.alloc(32, 1).toString('base64');
const key2 = Buffer.alloc(32, 2).toString('base64');

function configuration(resources: string, ...providers: string[]): Promise<object> {
  const text = `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [${resources}]
  providers:
${providers.map((p) => `  - ${p}`).join('\n')}
`;
  return readEncryptionConfiguration(Buffer.from(text), () => Promise.reject(new Error('kms')));
}

const provider = (kind: string, ...keys: [string, string][]) =>
  `${kind}: {keys: [${keys.map(([name, secret]) => `{name: ${name}, secret: ${secret}}`).join(', ')}]}`;

const plugin = (fields: string) => `kms: {${fields}}`;

const hex = (text: string) => Buffer.from(text, 'hex');

describe('ciphers of the store', () => {
  const plain = Buffer.from('the quick brown fox jumps over the lazy dog');
  for (const size of [16, 24, 32]) {
    it(`are the same both ways, with keys of ${size} bytes`, () => {
      for (const kind of [aesCbc, aesGcm]) {
        const cipher = kind(Buffer.alloc(size, 7));
        const sealed = cipher.encrypt(plain, '/registry/secrets/a/b');
        assert.ok(!sealed.includes(plain.subarray(0, 16)));
        assert.deepEqual(cipher.decrypt(sealed, '/registry/secrets/a/b'), plain);
        assert.notDeepEqual(cipher.encrypt(plain, 'k'), cipher.encrypt(plain, 'k'));
      }
    });
  }

  it('do not take a value that stood under another key, or was changed', () => {
    const cipher = aesGcm(Buffer.alloc(32, 7));
    const sealed = cipher.encrypt(plain, '/registry/secrets/a/b');
    assert.throws(() => cipher.decrypt(sealed, '/registry/secrets/a/c'));
    sealed[20]! ^= 1;
    assert.throws(() => cipher.decrypt(sealed, '/registry/secrets/a/b'));
    assert.throws(() => cipher.decrypt(Buffer.from('short'), 'k'));
  });

  it('lay values out as upstream does', () => {
    const iv = Buffer.alloc(16, 3);
    const cbc = createCipheriv('aes-128-cbc', Buffer.alloc(16, 7), iv);
    const sealed = Buffer.concat([iv, cbc.update(plain), cbc.final()]);
    assert.deepEqual(aesCbc(Buffer.alloc(16, 7)).decrypt(sealed, ''), plain);
  });

  it('know the boxes of NaCl', async () => {
    const secret = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
    const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
    const message = hex(
      'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
    );
    const box = hex(
      'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
    );
    const cipher = (await secretbox())(secret);
    assert.deepEqual(cipher.decrypt(Buffer.concat([nonce, box]), ''), message);
    assert.deepEqual(cipher.decrypt(cipher.encrypt(message, ''), ''), message);
  });
});

describe('readEncryptionConfiguration', () => {
  const bad: [string, string, string[], RegExp][] = [
    ['a key that is too short', 'secrets', [provider('aescbc', ['a', 'AAAA'])], /got 3, expected/],
    ['a key that is no base64', 'secrets', [provider('aesgcm', ['a', '=='])], /base64 encoded/],
    ['a small box key', 'secrets', [provider('secretbox', ['a', 'AAAA'])], /one of \[32\]/],
    ['a provider without keys', 'secrets', ['aescbc: {keys: []}'], /at least one keys/],
    ['a provider of nothing', 'secrets', ['{}'], /is needed/],
    ['two in one', 'secrets', [`{identity: {}, ${provider('aescbc', ['a', key1])}}`], /more than/],
    ['plugins of old', 'secrets', [plugin('name: x, endpoint: unix:///x')], /KMSv1 is deprecated/],
    ['plugins of the future', 'secrets', [plugin('apiVersion: v3')], /unsupported apiVersion v3/],
    ['plugins without names', 'secrets', [plugin('apiVersion: v2')], /name is a mandatory/],
    ['names with colons', 'secrets', [plugin('apiVersion: v2, name: "a:b"')], /must not contain/],
    [
      'plugins elsewhere',
      'secrets',
      [plugin('apiVersion: v2, name: a')],
      /endpoint is a mandatory/,
    ],
    [
      'plugins that are not on this machine',
      'secrets',
      [plugin('apiVersion: v2, name: a, endpoint: "tcp://a"')],
      /unsupported scheme "tcp"/,
    ],
    [
      'plugins without patience',
      'secrets',
      [plugin('apiVersion: v2, name: a, endpoint: "unix:///a", timeout: 0s')],
      /positive value/,
    ],
    [
      'sizes of caches',
      'secrets',
      [plugin('apiVersion: v2, name: a, endpoint: "unix:///a", cachesize: 5')],
      /not supported in v2/,
    ],
    ['fields of its own', 'secrets', ['identity: {a: 1}'], /unknown field/],
    ['a star', "'*'", ['identity: {}'], /'\*\.' to encrypt/],
    ['one resource of all groups', "'jobs.*'", ['identity: {}'], /across groups/],
    ['capital letters', 'Secrets', ['identity: {}'], /capital letters/],
    ['a resource twice', 'secrets, secrets', ['identity: {}'], /multiple times/],
    ['what overlaps', "secrets, '*.'", ['identity: {}'], /overlapping/],
    ['events by the wrong name', 'events.events.k8s.io', ['identity: {}'], /use 'events'/],
  ];
  for (const [what, resources, providers, why] of bad) {
    it(`refuses ${what}`, () => assert.rejects(configuration(resources, ...providers), why));
  }

  it('never shows a key', async () => {
    await assert.rejects(configuration('secrets', provider('aescbc', ['a', 'c2VjcmV0'])), (e) => {
      assert.ok(!String(e).includes('c2VjcmV0'));
      return true;
    });
  });
});

describe('EncryptedStorage', () => {
  const key = '/registry/secrets/a/b';
  const value = Buffer.from('{"kind":"Secret"}');
  const resources: Readonly<Record<string, { group: string; resource: string }>> = {
    secrets: { group: '', resource: 'secrets' },
    configmaps: { group: '', resource: 'configmaps' },
    jobs: { group: 'batch', resource: 'jobs' },
  };

  async function setUp(resourcesText: string, ...providers: string[]) {
    const storage = new MemoryStorage();
    const problems: string[] = [];
    const rules = (await configuration(resourcesText, ...providers)) as EncryptedStorage['rules'];
    const encrypted = new EncryptedStorage({
      storage,
      rules,
      resourceOf: (k) => resources[k.split('/')[2] ?? ''],
      onProblem: (what) => problems.push(what),
    });
    const raw = async (k: string) => (await storage.get(k)).kv!.value.toString('latin1');
    return { storage, encrypted, problems, raw };
  }

  it('encrypts what rules are about, and nothing else', async () => {
    const { encrypted, raw } = await setUp('secrets', provider('aescbc', ['one', key1]));
    await encrypted.create(key, value);
    await encrypted.create('/registry/configmaps/a/b', value);
    assert.match(await raw(key), /^k8s:enc:aescbc:v1:one:/);
    assert.equal(await raw('/registry/configmaps/a/b'), value.toString());
    assert.deepEqual((await encrypted.get(key)).kv?.value, value);
    const { kvs } = await encrypted.range('/registry/');
    assert.deepEqual(
      kvs.map((kv) => kv.value),
      [value, value],
    );
    assert.equal(encrypted.isStale(key), false);
  });

  const wildcards: [string, string, boolean][] = [
    ["'*.'", '/registry/secrets/a/b', true],
    ["'*.'", '/registry/jobs/a/b', false],
    ["'*.batch'", '/registry/jobs/a/b', true],
    ["'*.*'", '/registry/jobs/a/b', true],
    ["'*.*'", '/registry/unknown/a/b', false],
  ];
  for (const [rule, k, is] of wildcards) {
    it(`${rule} ${is ? 'is' : 'is not'} about ${k}`, async () => {
      const { encrypted, raw } = await setUp(rule, provider('aesgcm', ['one', key1]));
      await encrypted.create(k, value);
      assert.equal((await raw(k)).startsWith('k8s:enc:'), is);
    });
  }

  it('reads what older keys have written, and knows that it is to be written anew', async () => {
    const { encrypted, raw } = await setUp('secrets', 'identity: {}');
    await encrypted.create(key, value);
    assert.equal(encrypted.isStale(key), false);
    const first = provider('secretbox', ['one', key1]);
    encrypted.rules = (await configuration(
      'secrets',
      first,
      'identity: {}',
    )) as EncryptedStorage['rules'];
    assert.equal(encrypted.isStale(key), true);
    const { kv } = await encrypted.get(key);
    assert.deepEqual(kv?.value, value);
    await encrypted.update(key, value, kv!.modRevision);
    assert.match(await raw(key), /^k8s:enc:secretbox:v1:one:/);
    assert.equal(encrypted.isStale(key), false);
    encrypted.rules = (await configuration(
      'secrets',
      provider('secretbox', ['two', key2], ['one', key1]),
    )) as EncryptedStorage['rules'];
    assert.equal(encrypted.isStale(key), true);
    assert.deepEqual((await encrypted.get(key)).kv?.value, value);
  });

  it('shows watchers what was meant', async () => {
    const { encrypted } = await setUp('secrets', provider('aesgcm', ['one', key1]));
    const abort = new AbortController();
    const created = await encrypted.create(key, value);
    const next = Buffer.from('{"kind":"Secret","data":{}}');
    await encrypted.update(key, next, created.revision);
    const { kv } = await encrypted.get(key);
    await encrypted.delete(key, kv!.modRevision);
    const seen: unknown[] = [];
    const watch = encrypted.watch('/registry/', { fromRevision: 1, signal: abort.signal });
    watch.reach(await encrypted.currentRevision());
    for await (const batch of watch) {
      for (const e of batch.events) seen.push([e.type, e.kv.value.toString()]);
      if (seen.length >= 3) abort.abort();
    }
    assert.deepEqual(seen, [
      ['put', value.toString()],
      ['put', next.toString()],
      ['delete', ''],
    ]);
    assert.equal(encrypted.isStale(key), false);
  });

  it('hands on what it cannot read, and says so', async () => {
    const { storage, encrypted, problems } = await setUp(
      'secrets',
      provider('aesgcm', ['one', key1]),
    );
    await storage.create(key, Buffer.from('k8s:enc:aesgcm:v1:other:xyz'));
    await storage.create('/registry/secrets/a/c', Buffer.from('k8s:enc:aesgcm:v1:one:xyz'));
    await storage.create('/registry/secrets/a/d', value);
    const { kvs } = await encrypted.range('/registry/secrets/');
    assert.ok(kvs.every((kv) => kv.value.length > 0));
    assert.equal(problems.length, 3);
  });
});
