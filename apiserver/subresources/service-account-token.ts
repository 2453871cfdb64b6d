/** `serviceaccounts/token`: issues tokens (authentication.k8s.io/v1 TokenRequest). */
import { randomUUID } from 'node:crypto';
import * as fe from '../../machinery/meta/field-error.ts';
import { conflict, invalid, notFound } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type {
  KubeObject,
  Node,
  Pod,
  ServiceAccount,
  TokenRequest,
} from '../../machinery/schema/wire.ts';
import type { Subresource } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';

const minSeconds = 600;
const maxSeconds = 2 ** 32;
/** Tokens of this lifetime are what pods get; they live longer, and warn when used after it. */
const podTokenSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

interface Binding {
  readonly claim: Readonly<Record<string, unknown>>;
}

export function serviceAccountToken(env: SubresourceEnvironment): Subresource {
  const { keys, audiences } = env.authentication;
  return {
    resource: 'serviceaccounts',
    name: 'token',
    verbs: ['create'],
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    async handle({ namespace, name, body, context }) {
      const request = body as TokenRequest;
      const account = await env.access.get<ServiceAccount>('serviceaccounts', namespace, name);
      if (account === undefined) throw notFound({ group: '', resource: 'serviceaccounts' }, name);
      validate(request);
      const spec = request.spec!;
      const wantedAudiences = spec.audiences ?? [];
      const binding =
        spec.boundObjectRef === undefined ? undefined : await bind(env, request, namespace, name);
      const wanted = spec.expirationSeconds ?? 3600;
      const extended = wanted === podTokenSeconds && isForServer(wantedAudiences, audiences);
      const nowSeconds = Math.floor(Date.now() / 1000);
      const lifetime = extended ? extendedSeconds : wanted;
      const aud = wantedAudiences.length > 0 ? wantedAudiences : audiences;
      const claims = {
        aud,
        exp: nowSeconds + lifetime,
        iat: nowSeconds,
        iss: env.options.serviceAccountIssuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace,
          ...binding?.claim,
          serviceaccount: { name, uid: account.metadata!.uid },
          ...(extended ? { warnafter: nowSeconds + wanted } : {}),
        },
        nbf: nowSeconds,
        sub: `system:serviceaccount:${namespace}:${name}`,
      };
      const answer: KubeObject & { spec: unknown; status: unknown } = {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: {
          name,
          namespace,
          creationTimestamp: context.now,
        } as KubeObject['metadata'] & {},
        spec: { ...spec, audiences: aud },
        status: {
          token: context.dryRun ? '' : keys.sign(claims),
          expirationTimestamp: formatTime((nowSeconds + wanted) * 1000),
        },
      };
      return { code: 201, object: answer };
    },
  };
}

function isForServer(asked: readonly string[], own: readonly string[]): boolean {
  return asked.length === 0 || asked.every((a) => own.includes(a));
}

function validate(request: TokenRequest): void {
  const seconds = request.spec?.expirationSeconds ?? 3600;
  const at = fe.FieldPath.of('spec', 'expirationSeconds');
  const errors: fe.FieldError[] = [];
  if (seconds < minSeconds) {
    errors.push(fe.invalidValue(at, seconds, 'may not specify a duration less than 10 minutes'));
  }
  if (seconds > maxSeconds) {
    errors.push(
      fe.invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds'),
    );
  }
  if (errors.length > 0) {
    throw invalid({ group: 'authentication.k8s.io', resource: 'TokenRequest' }, '', errors);
  }
}

async function bind(
  env: SubresourceEnvironment,
  request: TokenRequest,
  namespace: string,
  account: string,
): Promise<Binding> {
  const ref = request.spec!.boundObjectRef!;
  const { kind = '', name = '', uid = '' } = ref;
  const refuse = (why: string) =>
    invalid({ group: 'authentication.k8s.io', resource: 'TokenRequest' }, '', [
      fe.invalidValue(fe.FieldPath.of('spec', 'boundObjectRef'), ref, why),
    ]);
  if (kind === 'Pod' && ref.apiVersion === 'v1') {
    const pod = await env.access.get<Pod>('pods', namespace, name);
    if (pod === undefined) throw notFound({ group: '', resource: 'pods' }, name);
    checkUid('pods', name, uid, pod);
    if ((pod.spec?.serviceAccountName ?? '') !== account) {
      throw refuse(
        `cannot bind token for serviceaccount ${fe.quote(account)} to pod running with different serviceaccount name.`,
      );
    }
    const nodeName = pod.spec?.nodeName;
    const node =
      nodeName === undefined ? undefined : await env.access.get<Node>('nodes', '', nodeName);
    return {
      claim: {
        ...(nodeName === undefined
          ? {}
          : {
              node: { name: nodeName, ...(node === undefined ? {} : { uid: node.metadata!.uid }) },
            }),
        pod: { name, uid: pod.metadata!.uid },
      },
    };
  }
  if (kind === 'Secret' && ref.apiVersion === 'v1') {
    const secret = await env.access.get('secrets', namespace, name);
    if (secret === undefined) throw notFound({ group: '', resource: 'secrets' }, name);
    checkUid('secrets', name, uid, secret);
    return { claim: { secret: { name, uid: secret.metadata!.uid } } };
  }
  if (kind === 'Node' && ref.apiVersion === 'v1') {
    const node = await env.access.get('nodes', '', name);
    if (node === undefined) throw notFound({ group: '', resource: 'nodes' }, name);
    checkUid('nodes', name, uid, node);
    return { claim: { node: { name, uid: node.metadata!.uid } } };
  }
  throw refuse(`cannot bind token to object of type ${ref.apiVersion ?? ''}, Kind=${kind}`);
}

function checkUid(resource: string, name: string, asked: string, found: KubeObject): void {
  const has = found.metadata?.uid ?? '';
  if (asked === '' || asked === has) return;
  throw conflict(
    { group: '', resource },
    name,
    `the UID in the bound object reference (${asked}) does not match the UID in record. The object might have been deleted and then recreated`,
  );
}
