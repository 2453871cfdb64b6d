/** A pod behind a service decides what is written. */
import assert from 'node:assert/strict';
import { createAuthority, issue } from '../../../apiserver/pki/pki.ts';
import { eventually } from '../command.ts';
import type { Scene } from '../steps.ts';

export const name = 'webhooks of admission';

// A fixed answer does: reviews of the older version need not name the request.
const patch = Buffer.from('[{"op":"add","path":"/metadata/labels","value":{"seen":"by-a-pod"}}]');
const answers = {
  '/label': { allowed: true, patch: patch.toString('base64') },
  '/refuse': { allowed: false, status: { message: 'so says a pod' } },
};

const server = `server {
  listen 8443 ssl;
  ssl_certificate /tls/tls.crt;
  ssl_certificate_key /tls/tls.key;
${Object.entries(answers)
  .map(([path, response]) => `  location ${path} { return 200 '${JSON.stringify({ response })}'; }`)
  .join('\n')}
}
`;

function configuration(kind: string, path: string, caBundle: string, match: object): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: 'e2e' },
    webhooks: [
      {
        name: 'hook.example.com',
        admissionReviewVersions: ['v1beta1'],
        sideEffects: 'None',
        clientConfig: { service: { namespace: 'webhooks', name: 'hook', path }, caBundle },
        rules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE'],
            resources: ['configmaps'],
          },
        ],
        objectSelector: match,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'webhooks' } },
      },
    ],
  };
}

export async function run({ cluster, step }: Scene): Promise<void> {
  const kubectl = cluster.kubectl('webhooks');
  const authority = await createAuthority('webhooks');
  const caBundle = Buffer.from(authority.certificate).toString('base64');
  await step('a pod that answers reviews, behind a service', async () => {
    const { certificate, key } = await issue(authority, {
      commonName: 'hook',
      names: ['hook.webhooks.svc'],
      usages: ['server'],
    });
    await kubectl.run(['create', 'namespace', 'webhooks']);
    const objects = [
      {
        kind: 'Secret',
        metadata: { name: 'tls' },
        type: 'kubernetes.io/tls',
        stringData: { 'tls.crt': certificate, 'tls.key': key },
      },
      { kind: 'ConfigMap', metadata: { name: 'conf' }, data: { 'default.conf': server } },
      {
        kind: 'Pod',
        metadata: { name: 'hook', labels: { app: 'hook' } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'nginx',
              image: 'nginx:1.25',
              readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
              volumeMounts: [
                { name: 'conf', mountPath: '/etc/nginx/conf.d' },
                { name: 'tls', mountPath: '/tls' },
              ],
            },
          ],
          volumes: [
            { name: 'conf', configMap: { name: 'conf' } },
            { name: 'tls', secret: { secretName: 'tls' } },
          ],
        },
      },
      {
        kind: 'Service',
        metadata: { name: 'hook' },
        spec: { selector: { app: 'hook' }, ports: [{ port: 443, targetPort: 8443 }] },
      },
    ];
    const items = objects.map((o) => ({ apiVersion: 'v1', ...o }));
    await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await kubectl.run(['wait', '--for=condition=Ready', 'pod/hook', '--timeout=60s']);
  });
  await step('it changes and refuses what is created', async () => {
    const chosen = { matchLabels: { refuse: 'me' } };
    await kubectl.apply(JSON.stringify(configuration('Mutating', '/label', caBundle, {})));
    // The service's rules may take a moment.
    await eventually(async () => {
      await kubectl.run(['create', 'configmap', 'seen', '--dry-run=server']);
    });
    await kubectl.run(['create', 'configmap', 'seen']);
    assert.equal(await kubectl.field('configmap seen', '{.metadata.labels.seen}'), 'by-a-pod');
    const seen = { matchLabels: { seen: 'by-a-pod' } };
    await kubectl.apply(JSON.stringify(configuration('Validating', '/refuse', caBundle, seen)));
    const refused = await kubectl.tryRun(['create', 'configmap', 'refused']);
    assert.match(
      refused.stderr,
      /admission webhook "hook.example.com" denied the request: so says a pod/,
    );
    await kubectl.apply(JSON.stringify(configuration('Validating', '/refuse', caBundle, chosen)));
    await kubectl.run(['create', 'configmap', 'taken']);
  });
  await step('without it, nothing is created until it is let go', async () => {
    await kubectl.run(['delete', 'pod', 'hook', '--now']);
    const failed = await kubectl.tryRun(['create', 'configmap', 'late']);
    assert.match(
      failed.stderr,
      /failed calling webhook "hook.example.com": failed to call webhook/,
    );
    const kinds = ['mutating', 'validating'].map((k) => `${k}webhookconfiguration/e2e`);
    await kubectl.run(['delete', ...kinds]);
    await kubectl.run(['create', 'configmap', 'late']);
  });
}
