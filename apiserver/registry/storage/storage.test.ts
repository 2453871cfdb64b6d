import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'storage.k8s.io/v1';
const named = (fields: object): object => ({ metadata: { name: 'a' }, ...fields });
const attachment = (source: object): object =>
  named({ spec: { attacher: 'x', nodeName: 'n', source } });

describeCreates(v1, 'storageclasses', [
  ['are complete', named({ provisioner: 'e.com/p' }), []],
  [
    'have a provisioner and a known policy',
    named({ provisioner: '', reclaimPolicy: 'X' }),
    [
      'provisioner: Required value',
      'reclaimPolicy: Unsupported value: "X": supported values: "Delete", "Retain"',
    ],
  ],
]);

describeUpdates(v1, 'storageclasses', [
  [
    'keep what volumes depend on',
    named({ provisioner: 'p', parameters: { a: 'b' } }),
    (c) => (c.parameters = { a: 'c' }),
    ['parameters: Invalid value: {"a":"c"}: field is immutable'],
  ],
]);

describeCreates(v1, 'volumeattachments', [
  ['are complete', attachment({ persistentVolumeName: 'pv' }), []],
  [
    'are of one volume',
    attachment({}),
    [
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and ' +
        'persistentVolumeName',
    ],
  ],
  [
    'check a volume that stands in them',
    attachment({
      inlineVolumeSpec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    }),
    [
      'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the ' +
        'context of inline volumes',
      'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the ' +
        'context of inline volumes',
      'spec.source.inlineVolumeSpec: Required value: must specify a volume type',
    ],
  ],
]);

describeCreates(v1, 'csidrivers', [
  ['are complete', named({ spec: {} }), []],
  [
    'have known modes',
    named({ spec: { volumeLifecycleModes: ['X'] } }),
    [
      'spec.volumeLifecycleModes: Unsupported value: "X": supported values: ' +
        '"Persistent", "Ephemeral"',
    ],
  ],
]);

describeCreates(v1, 'csinodes', [
  [
    'name their drivers apart',
    named({
      spec: {
        drivers: [
          { name: 'd', nodeID: '1' },
          { name: 'd', nodeID: '2' },
        ],
      },
    }),
    ['spec.drivers[1].name: Duplicate value: "d"'],
  ],
]);
