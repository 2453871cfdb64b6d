/** A server whose secrets a key management plugin protects. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer, adminToken as token } from '../../../test-server.ts';
import { TestPlugin } from './test-plugin.ts';

const configuration = (socket: string) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - kms: {apiVersion: v2, name: p, endpoint: "unix://${socket}"}
`;

/** Whether a text stands in a file of the folder. */
function holds(folder: string, text: string): boolean {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .some((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

describe('a server with a key management plugin', () => {
  it('stores secrets that it alone does not know, and says how the plugin is', async () => {
    const plugin = new TestPlugin();
    let listening: Promise<AsyncDisposable> | undefined;
    await using server = await startTestServer((dir) => {
      const socket = join(dir, 'kms.sock');
      listening = plugin.listen(socket);
      writeFileSync(join(dir, 'encryption.yaml'), configuration(socket));
      writeFileSync(join(dir, 'tokens.csv'), `${token},admin,1,system:masters\n`);
      return {
        tokenAuthFile: join(dir, 'tokens.csv'),
        encryptionProviderConfig: join(dir, 'encryption.yaml'),
      };
    });
    await using _plugin = await listening!;
    const ask = (path: string, body?: object) => server.ask(path, { token, body });
    const secrets = '/api/v1/namespaces/default/secrets';
    const metadata = { name: 'a' };
    const made = await ask(secrets, { metadata, stringData: { k: 'hidden-from-disk' } });
    assert.equal(made.code, 201);
    const maps = '/api/v1/namespaces/default/configmaps';
    await ask(maps, { metadata, data: { k: 'shown-on-disk' } });
    const encoded = Buffer.from('hidden-from-disk').toString('base64');
    const { data } = (await ask(`${secrets}/a`)).json<{ data: object }>();
    assert.deepEqual(data, { k: encoded });
    assert.equal(holds(server.dataDir, encoded), false);
    assert.equal(holds(server.dataDir, 'shown-on-disk'), true);
    for (const path of ['/healthz/kms-providers', '/readyz/kms-providers']) {
      assert.equal((await ask(path)).text, 'ok');
    }
    assert.equal((await ask('/livez/kms-providers')).code, 404);
    const { text } = await ask('/metrics');
    assert.match(text, /^apiserver_envelope_encryption_key_id_hash_total\{.*"to_storage".*\} 1$/m);
  });

  it('takes a configuration over when its plugins are well', async () => {
    const plugin = new TestPlugin();
    plugin.healthz = 'ill';
    let listening: Promise<AsyncDisposable> | undefined;
    let file = '';
    let next = '';
    await using server = await startTestServer((dir) => {
      const socket = join(dir, 'kms.sock');
      listening = plugin.listen(socket);
      next = configuration(socket);
      file = join(dir, 'encryption.yaml');
      writeFileSync(file, next.replace(/- kms: .*/, '- identity: {}'));
      writeFileSync(join(dir, 'tokens.csv'), `${token},admin,1,system:masters\n`);
      return {
        tokenAuthFile: join(dir, 'tokens.csv'),
        encryptionProviderConfig: file,
        encryptionProviderConfigAutomaticReload: true,
      };
    });
    await using _plugin = await listening!;
    const ask = (path: string, body?: object) => server.ask(path, { token, body });
    const reloads = async (status: string) => {
      const { text } = await ask('/metrics');
      const name = 'apiserver_encryption_config_controller_automatic_reloads_total';
      return new RegExp(`^${name}\\{status="${status}",.*\\} [1-9]`, 'm').test(text);
    };
    assert.equal((await ask('/readyz/kms-providers')).text, 'ok');
    writeFileSync(file, next);
    while (!(await reloads('failure')));
    assert.equal(plugin.calls.encrypt > 0 && (await reloads('success')), false);
    plugin.healthz = 'ok';
    // The next look at the file comes with the next change of it.
    do writeFileSync(file, `${next}# ${plugin.calls.status}\n`);
    while (!(await reloads('success')));
    const secrets = '/api/v1/namespaces/default/secrets';
    await ask(secrets, { metadata: { name: 'a' }, stringData: { k: 'hidden-from-disk' } });
    const encoded = Buffer.from('hidden-from-disk').toString('base64');
    assert.equal(holds(server.dataDir, encoded), false);
    const { data } = (await ask(`${secrets}/a`)).json<{ data: object }>();
    assert.deepEqual(data, { k: encoded });
  });
});
