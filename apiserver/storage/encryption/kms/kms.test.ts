/** Key management plugins: values under their keys, and what happens when they are not well. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetricRegistry } from '../../../metrics/registry.ts';
import { MemoryStorage } from '../../memory/memory.ts';
import { EncryptedStorage } from '../encrypted-storage.ts';
import { EncryptionRules, type Forms } from '../encryption-rules.ts';
import { aesGcm } from '../transformers.ts';
import {
  decodeEncryptedObject,
  encodeEncryptedObject,
  keyIdProblem,
  sourceTypes,
} from './encrypted-object.ts';
import { extendedNonceGcm } from './extended-nonce-gcm.ts';
import { GrpcKmsService } from './grpc-kms-service.ts';
import { KmsMetrics } from './kms-metrics.ts';
import { KmsProvider } from './kms-provider.ts';
import { TestPlugin } from './test-plugin.ts';

const key = '/registry/secrets/a/b';
const value = Buffer.from('{"kind":"Secret"}');
const header = 'k8s:enc:kms:v2:p:';

function setUp(plugin = new TestPlugin()) {
  const clock = { ms: 0 };
  const metrics = new KmsMetrics('apiserver-x', () => clock.ms);
  const abort = new AbortController();
  const provider = new KmsProvider({
    name: 'p',
    service: plugin,
    metrics,
    signal: abort.signal,
    now: () => clock.ms,
    onProblem: () => {},
  });
  return { plugin, clock, metrics, abort, provider, cipher: provider.cipher };
}

/** A store whose secrets the plugin protects. */
function stored(storage: MemoryStorage, { cipher }: Pick<KmsProvider, 'cipher'>) {
  const problems: unknown[] = [];
  const forms: Forms = [{ header, cipher }];
  const encrypted = new EncryptedStorage({
    storage,
    rules: new EncryptionRules(new Map([['secrets', forms]])),
    resourceOf: () => ({ group: '', resource: 'secrets' }),
    onProblem: (_what, error) => problems.push(error),
  });
  return { encrypted, problems };
}

describe('keys of a plugin', () => {
  it('are derived anew for each value', () => {
    const cipher = extendedNonceGcm(Buffer.alloc(32, 1));
    const [a, b] = [cipher.encrypt(value, key), cipher.encrypt(value, key)];
    assert.notDeepEqual(a.subarray(0, 32), b.subarray(0, 32));
    assert.deepEqual(cipher.decrypt(a, key), value);
    assert.throws(() => cipher.decrypt(a, '/registry/secrets/a/c'));
    assert.throws(() => cipher.decrypt(a.subarray(0, 20), key), /shorter than/);
    assert.throws(() => extendedNonceGcm(Buffer.alloc(31)), /invalid seed length 31/);
  });

  it('protect values that any server with the plugin can read', async () => {
    const plugin = new TestPlugin();
    const [one, other] = [setUp(plugin), setUp(plugin)];
    assert.equal(await one.provider.check(), undefined);
    const sealed = one.cipher.encrypt(value, key);
    assert.throws(() => other.cipher.decrypt(sealed, key), /failed to decrypt DEK/);
    await other.cipher.prepare!(sealed, 0);
    assert.deepEqual(other.cipher.decrypt(sealed, key), value);
    assert.equal(other.cipher.prepare!(one.cipher.encrypt(value, key), 0), undefined);
    assert.equal(plugin.calls.decrypt, 1);
    assert.equal(one.cipher.prepare!(sealed, 0), undefined);
  });

  it('may be of the kind before seeds, and are written anew then', async () => {
    const { provider, cipher, plugin } = setUp();
    await provider.check();
    const dataKey = Buffer.alloc(32, 9);
    const sealed = encodeEncryptedObject({
      encryptedData: aesGcm(dataKey).encrypt(value, key),
      source: await plugin.encrypt('', dataKey),
      sourceType: sourceTypes.aesGcmKey,
    });
    await cipher.prepare!(sealed, 0);
    assert.deepEqual(cipher.decrypt(sealed, key), value);
    assert.notEqual(cipher.keyOf!(sealed), cipher.keyOf!());
    assert.equal(cipher.keyOf!(cipher.encrypt(value, key)), cipher.keyOf!());
  });
});

describe('encrypted objects', () => {
  const source = { ciphertext: Buffer.of(1), keyId: 'k', annotations: {} };
  const object = { encryptedData: Buffer.of(2), source, sourceType: sourceTypes.hkdfSeed };

  it('are protobuf', () => {
    assert.equal(encodeEncryptedObject(object).toString('hex'), '0a010212016b1a01012801');
    assert.deepEqual(decodeEncryptedObject(encodeEncryptedObject(object)), object);
  });

  const bad: [what: object, why: RegExp][] = [
    [{ encryptedData: Buffer.of() }, /encrypted data is empty/],
    [{ sourceType: 7 }, /unknown encryptedDEKSourceType: 7/],
    [{ source: { ...source, keyId: '' } }, /keyID is empty/],
    [{ source: { ...source, keyId: 'k'.repeat(1025) } }, /1025 bytes, which exceeds/],
    [{ source: { ...source, ciphertext: Buffer.of() } }, /DEK source is empty/],
    [{ source: { ...source, ciphertext: Buffer.alloc(1025) } }, /1025 bytes, which exceeds/],
    [{ source: { ...source, annotations: { plain: Buffer.of() } } }, /fully qualified/],
    [{ source: { ...source, annotations: { 'a.b': Buffer.alloc(32768) } } }, /total size/],
  ];
  for (const [what, why] of bad) {
    it(`are refused: ${why.source}`, () => {
      assert.throws(() => encodeEncryptedObject({ ...object, ...what }), why);
    });
  }

  it('name keys of up to a kilobyte', () => {
    assert.equal(keyIdProblem('k'.repeat(1024)), undefined);
    assert.equal(keyIdProblem('k'.repeat(1025))?.code, 'too_long');
    assert.equal(keyIdProblem('')?.code, 'empty');
  });
});

describe('a plugin', () => {
  it('is asked again when its answer is old', async () => {
    const { provider, plugin, clock } = setUp();
    await Promise.all([provider.check(), provider.check()]);
    clock.ms += 19_999;
    await provider.check();
    assert.equal(plugin.calls.status, 1);
    clock.ms += 1;
    plugin.away = true;
    assert.match((await provider.check())!, /status section of the healthz check.*Unavailable/);
    clock.ms += 2_999;
    assert.match((await provider.check())!, /Unavailable/);
    plugin.away = false;
    clock.ms += 1;
    assert.equal(await provider.check(), undefined);
  });

  it('gets a new seed when it names another key, and only then', async () => {
    const { provider, plugin, clock, cipher } = setUp();
    await provider.check();
    const first = cipher.encrypt(value, key);
    clock.ms += 60_000;
    await provider.check();
    assert.equal(plugin.calls.encrypt, 1);
    plugin.keyId = 'key-2';
    clock.ms += 60_000;
    await provider.check();
    assert.equal(plugin.calls.encrypt, 2);
    assert.equal(cipher.keyOf!(), 'key-2');
    assert.equal(cipher.keyOf!(first), 'key-1');
    assert.deepEqual(cipher.decrypt(first, key), value);
  });

  it('that is not well any more lets nothing be written after three minutes', async () => {
    const { provider, plugin, clock, cipher } = setUp();
    assert.throws(() => cipher.encrypt(value, key), /has not been well yet/);
    await provider.check();
    plugin.away = true;
    clock.ms += 180_000;
    assert.match((await provider.check())!, /Unavailable/);
    const sealed = cipher.encrypt(value, key);
    clock.ms += 1;
    assert.throws(
      () => cipher.encrypt(value, key),
      /^Error: encryptedDEKSource with keyID hash "sha256:[0-9a-f]{64}" expired at 1970-01-01T00:03:00Z \(current time is 1970-01-01T00:03:00Z\)$/,
    );
    assert.deepEqual(cipher.decrypt(sealed, key), value);
    plugin.away = false;
    clock.ms += 3_000;
    await provider.check();
    cipher.encrypt(value, key);
  });

  const unwell: [what: string, change: (plugin: TestPlugin) => void, why: RegExp][] = [
    ['says so', (p) => (p.healthz = 'ill'), /not healthy, error: got unexpected .*: ill$/],
    ['has another version', (p) => (p.version = 'v1'), /expected KMSv2 API version v2, got v1$/],
    ['names no key', (p) => (p.keyId = ''), /got invalid KMSv2 KeyID hash "": keyID is empty$/],
    [
      'has notes that cannot be kept',
      (p) => (p.annotations = { a: Buffer.of() }),
      /failed to rotate DEK: .*annotations/,
    ],
    [
      'is wrong in two ways',
      (p) => Object.assign(p, { healthz: 'ill', keyId: '' }),
      /error: \[got unexpected healthz status: ill, got invalid .*\]$/,
    ],
  ];
  for (const [what, change, why] of unwell) {
    it(`that ${what} is not well`, async () => {
      const { provider, plugin } = setUp();
      change(plugin);
      assert.match((await provider.check())!, why);
    });
  }

  it('may not change its version', async () => {
    const { provider, plugin, clock } = setUp();
    await provider.check();
    plugin.version = 'v2beta1';
    clock.ms += 60_000;
    assert.match((await provider.check())!, /should not change .* version v2, got v2beta1$/);
  });

  it('must encrypt with the key that it names', async () => {
    const plugin = new (class extends TestPlugin {
      override async encrypt(uid: string, plaintext: Buffer) {
        return { ...(await super.encrypt(uid, plaintext)), keyId: 'other' };
      }
    })();
    const { provider } = setUp(plugin);
    assert.match((await provider.check())!, /statusKeyIDHash="sha256:.*", encryptKeyIDHash="sha/);
  });

  it('counts what it does', async () => {
    const { provider, cipher, metrics, plugin, clock } = setUp();
    await provider.check();
    cipher.decrypt(cipher.encrypt(value, key), key);
    plugin.keyId = '';
    clock.ms += 60_000;
    await provider.check();
    const registry = new MetricRegistry();
    registry.add(...metrics.metrics);
    const { body } = await registry.expose();
    const lines = body.replaceAll(/sha256:[0-9a-f]{64}/g, 'H').split('\n');
    const of = (name: string) => lines.filter((l) => l.includes(`${name}{`));
    const who = 'provider_name="p",key_id_hash="H",apiserver_id_hash="H"';
    const prefix = 'apiserver_envelope_encryption';
    assert.deepEqual(of('key_id_hash_total'), [
      `${prefix}_key_id_hash_total{transformation_type="to_storage",${who}} 1`,
      `${prefix}_key_id_hash_total{transformation_type="from_storage",${who}} 1`,
    ]);
    assert.deepEqual(of('invalid_key_id_from_status_total'), [
      `${prefix}_invalid_key_id_from_status_total{provider_name="p",error="empty"} 1`,
    ]);
    assert.deepEqual(of('dek_source_cache_size'), [
      `${prefix}_dek_source_cache_size{provider_name="p"} 1`,
    ]);
  });
});

describe('a store that a plugin protects', () => {
  it('reads what other servers wrote, in lists and as it comes', async () => {
    const storage = new MemoryStorage();
    const plugin = new TestPlugin();
    const [one, other] = [setUp(plugin), setUp(plugin)];
    await Promise.all([one.provider.check(), other.provider.check()]);
    const writer = stored(storage, one.provider).encrypted;
    await writer.create(key, value);
    const { encrypted, problems } = stored(storage, other.provider);
    const { kvs } = await encrypted.range('/registry/');
    assert.deepEqual(kvs[0]?.value, value);
    assert.equal(encrypted.isStale(key), false);

    const third = setUp(plugin);
    const watcher = stored(storage, third.provider).encrypted;
    const abort = new AbortController();
    const watch = watcher.watch('/registry/', { fromRevision: 1, signal: abort.signal });
    watch.reach(await watcher.currentRevision());
    for await (const { events } of watch) {
      assert.deepEqual(
        events.map((e) => e.kv.value),
        [value],
      );
      abort.abort();
    }
    assert.deepEqual(problems, []);
  });

  it('knows what is to be written anew', async () => {
    const { provider, plugin, clock } = setUp();
    await provider.check();
    const { encrypted } = stored(new MemoryStorage(), provider);
    await encrypted.create(key, value);
    assert.equal(encrypted.isStale(key), false);
    plugin.keyId = 'key-2';
    clock.ms += 60_000;
    await provider.check();
    assert.equal(encrypted.isStale(key), true);
    const { kv } = await encrypted.get(key);
    await encrypted.update(key, value, kv!.modRevision);
    assert.equal(encrypted.isStale(key), false);
  });

  it('refuses writes, and says why', async () => {
    const { provider } = setUp();
    const { encrypted } = stored(new MemoryStorage(), provider);
    await assert.rejects(encrypted.create(key, value), {
      reason: 'InternalError',
      message: 'Internal error occurred: the key management plugin p has not been well yet',
    });
  });

  it('hands on what the plugin cannot decrypt', async () => {
    const storage = new MemoryStorage();
    const one = setUp();
    await one.provider.check();
    await stored(storage, one.provider).encrypted.create(key, value);
    const refusing = new (class extends TestPlugin {
      override async decrypt(): Promise<Buffer> {
        throw new Error('no such key');
      }
    })();
    const { encrypted, problems } = stored(storage, setUp(refusing).provider);
    assert.equal((await encrypted.range('/registry/')).kvs.length, 1);
    assert.match(String(problems[0]), /failed to decrypt DEK, error: no such key/);
  });

  it('ends with the server while it waits for the plugin', async () => {
    const storage = new MemoryStorage();
    const one = setUp();
    await one.provider.check();
    await stored(storage, one.provider).encrypted.create(key, value);
    const two = setUp();
    two.plugin.away = true;
    const list = stored(storage, two.provider).encrypted.range('/registry/');
    two.abort.abort();
    assert.equal((await list).kvs.length, 1);
  });
});

describe('a plugin behind a socket', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-kms-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is asked over gRPC', async () => {
    const plugin = new TestPlugin();
    const path = join(folder, 'kms.sock');
    await using _listening = await plugin.listen(path);
    const calls: string[] = [];
    using service = new GrpcKmsService(`unix://${path}`, 5_000, (method, _seconds, code) =>
      calls.push(`${method} ${code}`),
    );
    assert.deepEqual(await service.status(), { version: 'v2', healthz: 'ok', keyId: 'key-1' });
    const sealed = await service.encrypt('u', value);
    assert.deepEqual(sealed.annotations, plugin.annotations);
    assert.deepEqual(await service.decrypt('u', sealed), value);
    plugin.away = true;
    await assert.rejects(service.status(), { unavailable: true, message: /code = Unavailable/ });
    assert.deepEqual(calls, [
      '/v2.KeyManagementService/Status OK',
      '/v2.KeyManagementService/Encrypt OK',
      '/v2.KeyManagementService/Decrypt OK',
      '/v2.KeyManagementService/Status Unavailable',
    ]);
  });

  it('is not waited for without end', async () => {
    using service = new GrpcKmsService(`unix://${join(folder, 'nobody')}`, 50, () => {});
    await assert.rejects(service.status(), { unavailable: true, message: /DeadlineExceeded/ });
  });
});
