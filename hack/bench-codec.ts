/**
 * Measures the codec on the benchmark's pod: decoding, defaulting, encoding, in microseconds per
 * call. Run: `node hack/bench-codec.ts`.
 */
import { convert, normalize } from '../machinery/codec/decode.ts';
import { decodeJson } from '../machinery/codec/json.ts';
import { decodeProtobuf, encodeProtobuf } from '../machinery/codec/protobuf.ts';
import { decodeYaml, encodeYaml } from '../machinery/codec/yaml.ts';
import { applyDefaults } from '../machinery/schema/defaults.ts';
import { kindType } from '../machinery/schema/schema.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'pod-1',
    namespace: 'bench',
    labels: { app: 'app-1', tier: 'web' },
    annotations: { 'example.com/owner': 'bench', 'example.com/note': 'x'.repeat(200) },
  },
  spec: {
    nodeName: 'node-1',
    serviceAccountName: 'default',
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'main',
        image: 'nginx:1.27',
        ports: [{ containerPort: 80 }],
        env: [
          { name: 'A', value: 'b' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
      {
        name: 'side',
        image: 'busybox:1.36',
        command: ['sh', '-c', 'sleep 1d'],
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
};

function measure(name: string, rounds: number, work: () => void): void {
  for (let i = 0; i < rounds / 4; i++) work();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) work();
  const us = ((performance.now() - start) / rounds) * 1000;
  console.log(`${name.padEnd(28)}${us.toFixed(2).padStart(8)} us`);
}

const type = kindType('v1', 'Pod')!;
const body = Buffer.from(JSON.stringify(pod));
const typed = () => convert(decodeJson(body).value, type, true, false).object as KubeObject;
const stored = typed();
applyDefaults('v1', 'Pod', stored);
const protobuf = encodeProtobuf(stored, type);
const yaml = Buffer.from(encodeYaml(stored));

measure('JSON.parse', 40_000, () => JSON.parse(body.toString()));
measure('decode', 40_000, () => decodeJson(body));
measure('decode, typed', 40_000, typed);
measure('decode, typed, defaults', 40_000, () => applyDefaults('v1', 'Pod', typed()));
measure('defaults, nothing to do', 40_000, () => applyDefaults('v1', 'Pod', stored));
measure('normalize, nothing to do', 40_000, () => normalize(stored, type));
measure('JSON.stringify', 40_000, () => JSON.stringify(stored));
measure('encode protobuf', 40_000, () => encodeProtobuf(stored, type));
measure('decode protobuf', 40_000, () => decodeProtobuf(protobuf));
measure('encode YAML', 4_000, () => encodeYaml(stored));
measure('decode YAML', 2_000, () => decodeYaml(yaml));
