import { type Loose, problems, sameTexts, TestRegistry } from '../test-registry.ts';

const c = (extra: Loose = {}): Loose => ({ name: 'c', image: 'x', ...extra });
const pod = (extra: Loose): Loose => ({ containers: [c()], ...extra });
const vol = (v: Loose): Loose => pod({ volumes: [{ name: 'v', ...v }] });

const refused: [what: string, spec: Loose, ...problems: string[]][] = [
  [
    'mounts twice at a path',
    {
      ...vol({ emptyDir: {} }),
      containers: [
        c({
          volumeMounts: [
            { name: 'v', mountPath: '/x' },
            { name: 'v', mountPath: '/x' },
          ],
        }),
      ],
    },
    'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
  ],
  [
    'paths that climb',
    {
      ...vol({ emptyDir: {} }),
      containers: [c({ volumeMounts: [{ name: 'v', mountPath: '/x', subPath: '../y' }] })],
    },
    'spec.containers[0].volumeMounts.subPath: Invalid value: "../y": must not contain \'..\'',
  ],
  [
    'two sources',
    vol({ emptyDir: {}, hostPath: { path: '/x' } }),
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  [
    'the same volume twice',
    pod({
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    }),
    'spec.volumes[1].name: Duplicate value: "v"',
  ],
  [
    'host paths',
    vol({ hostPath: { path: '../x', type: 'Pipe' } }),
    'spec.volumes[0].hostPath.path: Invalid value: "../x": must not contain \'..\'',
    'spec.volumes[0].hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "Char…',
  ],
  [
    'secrets without a name',
    vol({ secret: { items: [{ key: '', path: '/a' }], defaultMode: 1000 } }),
    'spec.volumes[0].secret.secretName: Required value',
    'spec.volumes[0].secret.defaultMode: Invalid value: 1000: must be a number between 0 and 0777 (octal)…',
    'spec.volumes[0].secret.items[0].key: Required value',
    'spec.volumes[0].secret.items[0].path: Invalid value: "/a": must be a relative path',
  ],
  [
    'projected paths twice',
    vol({
      projected: {
        sources: [
          { secret: { name: 'a', items: [{ key: 'a', path: 'p' }] } },
          { configMap: { name: 'b', items: [{ key: 'a', path: 'p' }] } },
        ],
      },
    }),
    'spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths',
  ],
  [
    'short-lived tokens',
    vol({ projected: { sources: [{ serviceAccountToken: { path: 'x', expirationSeconds: 5 } }] } }),
    'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may no…',
    'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serv…',
  ],
  [
    'empty volumes without limits',
    vol({ emptyDir: { sizeLimit: '-1', medium: 'HugePages-' } }),
    'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
  ],
  [
    'claims without a name',
    vol({ persistentVolumeClaim: { claimName: '' } }),
    'spec.volumes[0].persistentVolumeClaim.claimName: Required value',
  ],
  [
    'ephemeral volumes',
    vol({ ephemeral: {} }),
    'spec.volumes[0].ephemeral.volumeClaimTemplate: Required value',
  ],
  [
    'images and mounts',
    vol({ image: { reference: '', pullPolicy: 'x' } }),
    'spec.volumes[0].image.reference: Required value',
    'spec.volumes[0].image.pullPolicy: Unsupported value: "x": supported values: "Always", "IfNotPresent"…',
  ],
  [
    'nfs',
    vol({ nfs: { server: '', path: 'x' } }),
    'spec.volumes[0].nfs.server: Required value',
    'spec.volumes[0].nfs.path: Invalid value: "x": must be an absolute path',
  ],
  [
    'iscsi',
    vol({ iscsi: { targetPortal: '', iqn: 'x', lun: 300 } }),
    'spec.volumes[0].iscsi.targetPortal: Required value',
    'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
    'spec.volumes[0].iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive',
  ],
  [
    'csi',
    vol({ csi: { driver: 'a b' } }),
    'spec.volumes[0].csi.driver: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of low…',
  ],
];

describe('volumes of pods', () => {
  let registry: TestRegistry;
  before(async () => {
    registry = await TestRegistry.open();
  });
  after(() => registry[Symbol.asyncDispose]());
  for (const [what, spec, ...expected] of refused) {
    it(`refuse ${what}`, async () => {
      const pod = { metadata: { name: 'a' }, spec };
      sameTexts(await problems(registry.create('pods', pod, { dryRun: true })), expected);
    });
  }
});
