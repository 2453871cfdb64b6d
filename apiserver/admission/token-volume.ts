/** The projected volume in which containers find their account's token, the CA and the namespace. */
import type { Container, Pod, Volume } from '../../machinery/schema/wire.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const prefix = 'kube-api-access-';
/** Such tokens are extended by the server, and warn when used after this time. */
const expirationSeconds = 3607;

/** Mounts it in every container that has nothing at that path; adds the volume where it is missing. */
export function mountToken(pod: Pod, generateName: (base: string) => string): void {
  const spec = pod.spec!;
  const present = spec.volumes?.find((v) => v.name.startsWith(prefix));
  const name = present?.name ?? generateName(prefix);
  let needed = false;
  for (const c of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (mounts(c)) continue;
    c.volumeMounts = [...(c.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    needed = true;
  }
  if (needed && present === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function mounts(c: Container): boolean {
  return c.volumeMounts?.some((m) => m.mountPath === mountPath) === true;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
