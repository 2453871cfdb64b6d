/**
 * The API server as kubeadm v1.36 starts it: its command line, its certificates, an etcd with TLS.
 *
 *   node conformance/api/kubeadm.ts
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CertificateRequest,
  createAuthority,
  createTokenKeys,
  issue,
  type KeyAndCertificate,
} from '../../apiserver/pki/pki.ts';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import { freePort } from './api-process.ts';
import { check, finish } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'k8ts-kubeadm-'));
const pki = (name: string) => join(folder, 'pki', name);

function write(name: string, text: string): void {
  mkdirSync(dirname(pki(name)), { recursive: true });
  writeFileSync(pki(name), text);
}

async function made(
  name: string,
  authority: KeyAndCertificate,
  wanted: CertificateRequest,
): Promise<KeyAndCertificate> {
  const pair = await issue(authority, wanted);
  write(`${name}.crt`, pair.certificate);
  write(`${name}.key`, pair.key);
  return pair;
}

const [ca, etcdCa, frontCa] = [
  await createAuthority('kubernetes'),
  await createAuthority('etcd-ca'),
  await createAuthority('front-proxy-ca'),
];
write('ca.crt', ca.certificate);
write('etcd/ca.crt', etcdCa.certificate);
write('front-proxy-ca.crt', frontCa.certificate);
const here = ['127.0.0.1', 'localhost'];
const masters = ['system:masters'];
await made('etcd/server', etcdCa, {
  commonName: 'localhost',
  names: here,
  usages: ['server', 'client'],
});
await made('apiserver-etcd-client', etcdCa, {
  commonName: 'kube-apiserver-etcd-client',
  usages: ['client'],
});
await made('apiserver', ca, { commonName: 'kube-apiserver', names: here, usages: ['server'] });
await made('apiserver-kubelet-client', ca, {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['kubeadm:cluster-admins'],
  usages: ['client'],
});
const proxy = await made('front-proxy-client', frontCa, {
  commonName: 'front-proxy-client',
  usages: ['client'],
});
const admin = await issue(ca, {
  commonName: 'kubernetes-super-admin',
  organizations: masters,
  usages: ['client'],
});
const tokens = createTokenKeys();
write('sa.pub', tokens.publicKey);
write('sa.key', tokens.privateKey);

const port = await freePort();
await using etcd = await EtcdProcess.start({
  ca: pki('etcd/ca.crt'),
  cert: pki('etcd/server.crt'),
  key: pki('etcd/server.key'),
});

/** As the static pod has it; only addresses and folders are those of a test. */
const line = [
  '--advertise-address=127.0.0.1',
  '--allow-privileged=true',
  '--authorization-mode=Node,RBAC',
  `--client-ca-file=${pki('ca.crt')}`,
  '--enable-admission-plugins=NodeRestriction',
  '--enable-bootstrap-token-auth=true',
  `--etcd-cafile=${pki('etcd/ca.crt')}`,
  `--etcd-certfile=${pki('apiserver-etcd-client.crt')}`,
  `--etcd-keyfile=${pki('apiserver-etcd-client.key')}`,
  `--etcd-servers=${etcd.server}`,
  `--kubelet-client-certificate=${pki('apiserver-kubelet-client.crt')}`,
  `--kubelet-client-key=${pki('apiserver-kubelet-client.key')}`,
  '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
  `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
  `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
  '--requestheader-allowed-names=front-proxy-client',
  `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
  '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  '--requestheader-group-headers=X-Remote-Group',
  '--requestheader-username-headers=X-Remote-User',
  `--secure-port=${port}`,
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-key-file=${pki('sa.pub')}`,
  `--service-account-signing-key-file=${pki('sa.key')}`,
  '--service-cluster-ip-range=10.96.0.0/12',
  `--tls-cert-file=${pki('apiserver.crt')}`,
  `--tls-private-key-file=${pki('apiserver.key')}`,
];

interface Sent {
  readonly as?: KeyAndCertificate;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Answered {
  readonly status: number;
  readonly object: Shown;
}

/** What is looked at in answers. */
interface Shown {
  readonly message?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly clusterIP?: string };
  readonly status?: { readonly token?: string; readonly userInfo?: { readonly username?: string } };
}

function send(method: string, path: string, { as, headers = {}, body }: Sent): Promise<Answered> {
  const tls = as === undefined ? {} : { cert: as.certificate, key: as.key };
  const agent = new Agent({ ca: ca.certificate, ...tls });
  return new Promise((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent,
      headers: { ...json, ...headers },
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () => {
        agent.destroy();
        const text = Buffer.concat(chunks).toString();
        const object = (text.startsWith('{') ? JSON.parse(text) : {}) as Shown;
        resolve({ status: answer.statusCode ?? 0, object });
      });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const program = fileURLToPath(new URL('../../cli/k8ts', import.meta.url));
let child: ChildProcess | undefined;
let log = '';
process.once('exit', () => child?.kill('SIGKILL'));

await check('it starts and is ready', async () => {
  child = spawn(program, ['apiserver', ...line], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const keep = (text: Buffer) => {
    log += text.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  for (const until = Date.now() + 60_000; Date.now() < until; ) {
    assert.equal(child.exitCode, null, log);
    const answer = await send('GET', '/readyz', { as: admin }).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not ready: ${log}`);
});

await check('certificates say who a client is', async () => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const who = async (sent: Sent) =>
    (await send('POST', path, { ...sent, body: {} })).object.status?.userInfo?.username;
  assert.equal(await who({ as: admin }), 'kubernetes-super-admin');
  const headers = { 'x-remote-user': 'someone', 'x-remote-group': 'devs' };
  assert.equal(await who({ as: proxy, headers }), 'someone');
  assert.equal((await send('GET', '/api/v1/nodes', { headers })).status, 403);
});

await check('what kubeadm and the controllers read is there', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { data = {} } = (await send('GET', path, { as: admin })).object;
  assert.equal(data['client-ca-file'], ca.certificate);
  assert.equal(data['requestheader-allowed-names'], '["front-proxy-client"]');
  assert.equal(data['requestheader-client-ca-file'], frontCa.certificate);
  const service = await send('GET', '/api/v1/namespaces/default/services/kubernetes', {
    as: admin,
  });
  assert.equal(service.object.spec?.clusterIP, '10.96.0.1');
});

await check('bootstrap tokens and tokens of service accounts are accepted', async () => {
  const secrets = '/api/v1/namespaces/kube-system/secrets';
  const stringData = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
  };
  const secret = {
    metadata: { name: 'bootstrap-token-abcdef' },
    type: 'bootstrap.kubernetes.io/token',
    stringData,
  };
  assert.equal((await send('POST', secrets, { as: admin, body: secret })).status, 201);
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const joined = await send('POST', reviews, {
    headers: bearer('abcdef.0123456789abcdef'),
    body: {},
  });
  assert.equal(joined.object.status?.userInfo?.username, 'system:bootstrap:abcdef');
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  await send('POST', accounts, { as: admin, body: { metadata: { name: 'robot' } } });
  const issued = await send('POST', `${accounts}/robot/token`, { as: admin, body: { spec: {} } });
  const token = issued.object.status?.token ?? '';
  const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
    iss: string;
  };
  assert.equal(claims.iss, 'https://kubernetes.default.svc.cluster.local');
  const robot = await send('POST', reviews, { headers: bearer(token), body: {} });
  assert.equal(robot.object.status?.userInfo?.username, 'system:serviceaccount:default:robot');
});

await check('static pods of kubeadm run privileged', async () => {
  const pod = {
    metadata: { name: 'p' },
    spec: {
      serviceAccountName: 'robot',
      containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }],
    },
  };
  const made = await send('POST', '/api/v1/namespaces/default/pods', { as: admin, body: pod });
  assert.equal(made.status, 201, made.object.message ?? '');
});

await check('it ends when it is told to', async () => {
  const exited = once(child!, 'exit');
  child!.kill('SIGTERM');
  const [code] = await exited;
  assert.equal(code, 0, log);
});

await etcd[Symbol.asyncDispose]();
rmSync(folder, { recursive: true, force: true });
finish();
