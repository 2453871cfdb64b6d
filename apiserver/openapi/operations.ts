/**
 * The operations of a group version, from its resources: paths, methods, names, parameters, bodies
 * and answers as the real server documents them, independent of a dialect of OpenAPI.
 */

/** A kind with its group version, as extensions list it. */
export interface KindRef {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A subresource as discovery lists it; the kind is that of its body and answer. */
export interface OpenApiSubresource extends KindRef {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** A resource as discovery lists it. */
export interface OpenApiResource {
  readonly plural: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** DELETE answers with the object instead of a Status. */
  readonly deleteReturnsObject: boolean;
  readonly subresources: readonly OpenApiSubresource[];
}

export type Method = 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';

/** What a body or an answer holds: a kind, one of meta/v1, plain text. */
export type Payload = KindRef | 'Status' | 'DeleteOptions' | 'Patch' | 'WatchEvent' | 'text';

export interface Operation {
  readonly path: string;
  readonly method: Method;
  readonly operationId: string;
  readonly description: string;
  /** Such as `list` or `connect`. */
  readonly action: string;
  readonly kind: KindRef;
  /** Names of query parameters, sorted. */
  readonly query: readonly string[];
  readonly body?: Payload;
  readonly bodyRequired?: boolean;
  readonly answers: readonly (readonly [code: number, payload: Payload])[];
  /** Answers may be streams of events. */
  readonly streams?: boolean;
  /** Answers and takes anything: a connection that is passed on. */
  readonly connects?: boolean;
}

const listQuery = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'pretty',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
];
const deleteQuery = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'pretty',
  'propagationPolicy',
];
const deleteCollectionQuery = [
  ...listQuery.filter((n) => n !== 'allowWatchBookmarks' && n !== 'watch'),
  ...deleteQuery.filter((n) => n !== 'pretty'),
].sort();
const writeQuery = ['dryRun', 'fieldManager', 'fieldValidation', 'pretty'];
const patchQuery = ['dryRun', 'fieldManager', 'fieldValidation', 'force', 'pretty'];
const logQuery = [
  'container',
  'follow',
  'insecureSkipTLSVerifyBackend',
  'limitBytes',
  'pretty',
  'previous',
  'sinceSeconds',
  'stream',
  'tailLines',
  'timestamps',
];

/** Query parameters and methods of what takes a connection over, by kind of its options. */
const connections: Readonly<Record<string, { query: string[]; methods?: Method[] }>> = {
  PodAttachOptions: { query: ['container', 'stderr', 'stdin', 'stdout', 'tty'] },
  PodExecOptions: { query: ['command', 'container', 'stderr', 'stdin', 'stdout', 'tty'] },
  PodPortForwardOptions: { query: ['ports'] },
  PodProxyOptions: { query: ['path'] },
  ServiceProxyOptions: { query: ['path'] },
  NodeProxyOptions: { query: ['path'] },
};
const proxyMethods: readonly Method[] = [
  'delete',
  'get',
  'head',
  'options',
  'patch',
  'post',
  'put',
];

const upper = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

/** `rbac.authorization.k8s.io` -> RbacAuthorization, '' -> Core. */
export function groupTitle(group: string): string {
  if (group === '') return 'Core';
  return group
    .replace(/\.k8s\.io$/, '')
    .split('.')
    .map(upper)
    .join('');
}

/** The tag of a group version's operations: `rbacAuthorization_v1`. */
export function groupTag(group: string, version?: string): string {
  const title = groupTitle(group);
  const tag = title.charAt(0).toLowerCase() + title.slice(1);
  return version === undefined ? tag : `${tag}_${version}`;
}

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function rootOf(group: string, version: string): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** The name of an operation on the group version itself: getPolicyV1APIResources. */
export function groupOperationId(group: string, version: string): string {
  return `get${groupTitle(group)}${upper(version)}APIResources`;
}

/** All operations of a group version, by path. */
export function operationsOf(
  group: string,
  version: string,
  resources: readonly OpenApiResource[],
): Operation[] {
  const title = groupTitle(group) + upper(version);
  return resources
    .flatMap((r) => new ResourceOperations(group, version, title, r).all())
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

class ResourceOperations {
  private readonly title: string;
  private readonly resource: OpenApiResource;
  private readonly kind: KindRef;
  private readonly list: KindRef;
  private readonly root: string;
  private readonly collection: string;
  private readonly scope: string;
  private readonly out: Operation[] = [];

  constructor(group: string, version: string, title: string, resource: OpenApiResource) {
    this.title = title;
    this.resource = resource;
    this.kind = { group, version, kind: resource.kind };
    this.list = { group, version, kind: resource.listKind };
    this.root = rootOf(group, version);
    const { namespaced, plural } = resource;
    this.collection = `${this.root}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
    this.scope = namespaced ? 'Namespaced' : '';
  }

  all(): Operation[] {
    this.ofCollection();
    this.ofItem();
    this.watches();
    for (const s of this.resource.subresources) this.ofSubresource(s);
    return this.out;
  }

  private add(operation: Omit<Operation, 'kind'> & { kind?: KindRef }): void {
    this.out.push({ kind: this.kind, ...operation });
  }

  private ofCollection(): void {
    const { verbs, kind, plural, namespaced } = this.resource;
    const name = `${this.title}${this.scope}${kind}`;
    const list = {
      method: 'get',
      action: 'list',
      description: `list ${verbs.includes('watch') ? 'or watch ' : ''}objects of kind ${kind}`,
      query: listQuery,
      answers: [[200, this.list]],
      streams: true,
    } as const;
    if (verbs.includes('list')) {
      this.add({ ...list, path: this.collection, operationId: `list${name}` });
      if (namespaced) {
        const operationId = `list${this.title}${kind}ForAllNamespaces`;
        this.add({ ...list, path: `${this.root}/${plural}`, operationId });
      }
    }
    if (verbs.includes('create')) {
      this.add({
        path: this.collection,
        method: 'post',
        action: 'post',
        operationId: `create${name}`,
        description: `create ${withArticle(kind)}`,
        query: writeQuery,
        body: this.kind,
        bodyRequired: true,
        answers: [200, 201, 202].map((code) => [code, this.kind] as const),
      });
    }
    if (verbs.includes('deletecollection')) {
      this.add({
        path: this.collection,
        method: 'delete',
        action: 'deletecollection',
        operationId: `delete${this.title}Collection${this.scope}${kind}`,
        description: `delete collection of ${kind}`,
        query: deleteCollectionQuery,
        body: 'DeleteOptions',
        answers: [[200, 'Status']],
      });
    }
  }

  private ofItem(): void {
    const { verbs, kind, deleteReturnsObject } = this.resource;
    const path = `${this.collection}/{name}`;
    const name = `${this.title}${this.scope}${kind}`;
    this.readWrite(path, verbs, name, this.kind, `the specified ${kind}`);
    if (!verbs.includes('delete')) return;
    const answer = deleteReturnsObject ? this.kind : 'Status';
    this.add({
      path,
      method: 'delete',
      action: 'delete',
      operationId: `delete${name}`,
      description: `delete ${withArticle(kind)}`,
      query: deleteQuery,
      body: 'DeleteOptions',
      answers: [
        [200, answer],
        [202, answer],
      ],
    });
  }

  private readWrite(
    path: string,
    verbs: readonly string[],
    name: string,
    kind: KindRef,
    what: string,
  ): void {
    const written = [
      [200, kind],
      [201, kind],
    ] as const;
    if (verbs.includes('get')) {
      this.add({
        path,
        method: 'get',
        action: 'get',
        operationId: `read${name}`,
        description: `read ${what}`,
        kind,
        query: ['pretty'],
        answers: [[200, kind]],
      });
    }
    if (verbs.includes('update')) {
      this.add({
        path,
        method: 'put',
        action: 'put',
        operationId: `replace${name}`,
        description: `replace ${what}`,
        kind,
        query: writeQuery,
        body: kind,
        bodyRequired: true,
        answers: written,
      });
    }
    if (verbs.includes('patch')) {
      this.add({
        path,
        method: 'patch',
        action: 'patch',
        operationId: `patch${name}`,
        description: `partially update ${what}`,
        kind,
        query: patchQuery,
        body: 'Patch',
        bodyRequired: true,
        answers: written,
      });
    }
  }

  /** The old paths below /watch. */
  private watches(): void {
    const { verbs, kind, plural, namespaced } = this.resource;
    if (!verbs.includes('watch')) return;
    const watch = (path: string, operationId: string, one: boolean) => {
      const what = one
        ? `changes to an object of kind ${kind}`
        : `individual changes to a list of ${kind}`;
      const instead = `use the 'watch' parameter with a list operation instead`;
      const filter = one ? ", filtered to a single item with the 'fieldSelector' parameter" : '';
      this.add({
        path: path.replace(this.root, `${this.root}/watch`),
        method: 'get',
        action: one ? 'watch' : 'watchlist',
        operationId: `watch${this.title}${operationId}`,
        description: `watch ${what}. deprecated: ${instead}${filter}.`,
        query: listQuery,
        answers: [[200, 'WatchEvent']],
        streams: true,
      });
    };
    watch(this.collection, `${this.scope}${kind}List`, false);
    if (verbs.includes('get')) watch(`${this.collection}/{name}`, `${this.scope}${kind}`, true);
    if (namespaced) watch(`${this.root}/${plural}`, `${kind}ListForAllNamespaces`, false);
  }

  private ofSubresource(s: OpenApiSubresource): void {
    const path = `${this.collection}/{name}/${s.name}`;
    const suffix = `${this.scope}${this.resource.kind}${upper(s.name)}`;
    const kind = { group: s.group, version: s.version, kind: s.kind };
    const connection = connections[s.kind];
    if (connection !== undefined) {
      this.connect(path, suffix, kind, connection.query);
      return;
    }
    const what = `${s.name} of the specified ${this.resource.kind}`;
    if (s.name === 'log') {
      this.add({
        path,
        method: 'get',
        action: 'get',
        operationId: `read${this.title}${suffix}`,
        description: `read ${what}`,
        query: logQuery,
        answers: [[200, 'text']],
      });
      return;
    }
    this.readWrite(path, s.verbs, `${this.title}${suffix}`, kind, what);
    if (s.verbs.includes('create')) {
      this.add({
        path,
        method: 'post',
        action: 'post',
        operationId: `create${this.title}${suffix}`,
        description: `create ${s.name} of ${withArticle(this.resource.kind)}`,
        kind,
        query: writeQuery,
        body: kind,
        bodyRequired: true,
        answers: [200, 201, 202].map((code) => [code, kind] as const),
      });
    }
  }

  private connect(path: string, suffix: string, kind: KindRef, query: readonly string[]): void {
    const isProxy = path.endsWith('/proxy');
    const methods: readonly Method[] = isProxy ? proxyMethods : ['get', 'post'];
    const add = (at: string, tail: string) => {
      for (const method of methods) {
        this.add({
          path: at,
          method,
          action: 'connect',
          operationId: `connect${this.title}${upper(method)}${suffix}${tail}`,
          description: `connect ${method.toUpperCase()} requests to ${path.slice(path.lastIndexOf('/') + 1)} of ${this.resource.kind}`,
          kind,
          query,
          answers: [[200, 'text']],
          connects: true,
        });
      }
    };
    add(path, '');
    if (isProxy) add(`${path}/{path}`, 'WithPath');
  }
}

/** A kind with its article; plurals have none. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind;
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;
}
