/** `serviceaccounts/token`: issues tokens (authentication.k8s.io/v1 TokenRequest). */
import { randomUUID } from 'node:crypto';
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest, conflict, invalid } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { updateManagedFields } from '../../machinery/patch/managed-fields.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type {
  KubeObject,
  Node,
  Pod,
  ServiceAccount,
  TokenRequest,
} from '../../machinery/schema/wire.ts';
import { managerOf } from '../handlers/write-request.ts';
import type { Subresource, SubresourceCall } from '../registry/subresource.ts';
import type { SubresourceEnvironment } from '../registry/subresources.ts';

const requestKind = { group: 'authentication.k8s.io', resource: 'TokenRequest' };
const requestVersion = 'authentication.k8s.io/v1';
const minSeconds = 600;
const maxSeconds = 2 ** 32;
/** Tokens of this lifetime are what pods get; they live longer, and warn when used after it. */
const podTokenSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

/** What the claim `kubernetes.io` says of the object that a token is bound to. */
type Binding = Readonly<Record<string, { readonly name: string; readonly uid?: string }>>;

export function serviceAccountToken(env: SubresourceEnvironment): Subresource {
  const { keys, audiences } = env.authentication;
  return {
    resource: 'serviceaccounts',
    name: 'token',
    verbs: ['create'],
    kind: 'TokenRequest',
    apiVersion: requestVersion,
    async handle(call) {
      const request = call.body as TokenRequest;
      const account = await accountOf(env, call, request);
      manage(call, request);
      const { name = '', namespace = '', uid = '' } = account.metadata ?? {};
      const { creationTimestamp: _sent, ...sent } = request.metadata ?? {};
      request.metadata = { ...sent, name, namespace, uid, creationTimestamp: call.context.now };
      const aud = request.spec?.audiences?.length ? request.spec.audiences : audiences;
      request.spec = { ...request.spec, audiences: [...aud] };
      validate(request);
      await call.validate();
      const { spec } = request;
      const binding = await bindingOf(env, request, call);
      const wanted = spec?.expirationSeconds ?? 3600;
      const extended =
        binding?.['pod'] !== undefined &&
        wanted === podTokenSeconds &&
        aud.every((a) => audiences.includes(a));
      const nowSeconds = Math.floor(Date.now() / 1000);
      const claims = {
        aud,
        exp: nowSeconds + (extended ? extendedSeconds : wanted),
        iat: nowSeconds,
        iss: env.options.serviceAccountIssuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace,
          ...binding,
          serviceaccount: { name, uid },
          ...(extended ? { warnafter: nowSeconds + wanted } : {}),
        },
        nbf: nowSeconds,
        sub: `system:serviceaccount:${namespace}:${name}`,
      };
      const issued = 'authentication.kubernetes.io/issued-credential-id';
      call.context.annotate?.(issued, `JTI=${claims.jti}`);
      const answer: KubeObject & { spec: unknown; status: unknown } = {
        kind: 'TokenRequest',
        apiVersion: requestVersion,
        metadata: request.metadata,
        spec,
        status: {
          token: keys.sign(claims),
          expirationTimestamp: formatTime((nowSeconds + wanted) * 1000),
        },
      };
      return { code: 201, object: answer };
    },
  };
}

/** The account, when the request's metadata means no other. Throws 404, 409, 422. */
async function accountOf(
  env: SubresourceEnvironment,
  { name, namespace }: SubresourceCall,
  request: TokenRequest,
): Promise<ServiceAccount> {
  const meta = request.metadata ?? {};
  const other = (field: 'name' | 'namespace') =>
    invalid(requestKind, name, [
      fe.invalidValue(
        fe.FieldPath.of('metadata', field),
        meta[field],
        `must match the service account ${field} if specified`,
      ),
    ]);
  if (meta.name && meta.name !== name) throw other('name');
  if (meta.namespace && meta.namespace !== namespace) throw other('namespace');
  const store = env.catalog().stored('serviceaccounts')!.store;
  const account = (await store.get(namespace, name)).object<ServiceAccount>();
  const uid = account.metadata?.uid;
  if (meta.uid && meta.uid !== uid) {
    throw conflict(
      requestKind,
      name,
      `the UID in the token request (${meta.uid}) does not match the UID of the service account (${uid})`,
    );
  }
  return account;
}

type OwnedFields = Partial<Record<string, Partial<Record<string, Record<string, unknown>>>>>;

/** Requests have owners of their fields, as stored objects have. */
function manage({ query, request: raw, context }: SubresourceCall, request: TokenRequest): void {
  const { boundObjectRef, ...spec } = request.spec ?? {};
  const next = {
    ...request,
    kind: requestKind.resource,
    apiVersion: requestVersion,
    // An absent reference is written as null, which nobody owns.
    spec: boundObjectRef ? { ...spec, boundObjectRef } : spec,
  };
  updateManagedFields({
    type: kindType(requestVersion, requestKind.resource)!,
    apiVersion: requestVersion,
    subresource: 'token',
    now: context.now,
    resetFields: [],
    live: undefined,
    next: next as KubeObject,
    manager: managerOf(query.get('fieldManager') ?? '', raw.headers['user-agent']),
  });
  request.metadata = next.metadata!;
  // The real server compares with an empty request, where the reference is null already.
  const owned = request.metadata.managedFields?.[0]?.fieldsV1 as OwnedFields | undefined;
  delete owned?.['f:spec']?.['f:boundObjectRef']?.['.'];
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
  if (errors.length > 0) throw invalid(requestKind, '', errors);
}

/** Undefined for a token that is bound to nothing. Throws 400, 404, 409. */
async function bindingOf(
  env: SubresourceEnvironment,
  request: TokenRequest,
  call: SubresourceCall,
): Promise<Binding | undefined> {
  const ref = request.spec?.boundObjectRef;
  // Normal form writes an absent reference as null.
  if (ref === undefined || ref === null) return undefined;
  const { apiVersion = '', kind = '', name = '', uid = '' } = ref;
  const find = async <T extends KubeObject>(plural: string, namespace: string): Promise<T> => {
    if (name === '') throw badRequest('Name parameter required.');
    const stored = await env.catalog().stored(plural)!.store.get(namespace, name);
    return stored.object<T>();
  };
  const core = !apiVersion.includes('/');
  if (core && kind === 'Pod') {
    const pod = await find<Pod>('pods', call.namespace);
    if ((pod.spec?.serviceAccountName ?? '') !== call.name) {
      throw badRequest(
        `cannot bind token for serviceaccount ${fe.quote(call.name)} to pod running with different serviceaccount name.`,
      );
    }
    checkUid(kind, name, uid, pod);
    return { ...(await nodeClaim(env, pod)), pod: { name, uid: pod.metadata!.uid! } };
  }
  if (core && (kind === 'Secret' || kind === 'Node')) {
    const found = await (kind === 'Node' ? find('nodes', '') : find('secrets', call.namespace));
    checkUid(kind, name, uid, found);
    return { [kind.toLowerCase()]: { name, uid: found.metadata!.uid! } };
  }
  const [group, version] = core ? ['', apiVersion] : apiVersion.split('/');
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
}

/** Where the pod runs; a node that is gone is still named. */
async function nodeClaim(env: SubresourceEnvironment, pod: Pod): Promise<Binding> {
  const name = pod.spec?.nodeName;
  if (!name) return {};
  const node = await env.access.get<Node>('nodes', '', name);
  return { node: { name, ...(node === undefined ? {} : { uid: node.metadata!.uid! }) } };
}

function checkUid(kind: string, name: string, asked: string, found: KubeObject): void {
  if (asked === '' || asked === found.metadata?.uid) return;
  throw conflict(
    { group: '', resource: kind },
    name,
    `the UID in the bound object reference (${asked}) does not match the UID in record. The object might have been deleted and then recreated`,
  );
}
