/**
 * What a resource is: one declaration, from which REST, discovery, OpenAPI, tables, storage, watch
 * and RBAC names follow. Hooks mirror the strategies of the real server; they get objects in normal
 * form (see machinery/codec) and must leave them so. Adding a resource is one file with a
 * `defineResource` and one line in its group's list.
 */
import type { FieldError } from '../../machinery/meta/field-error.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';

export type Verb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch';

/** The verbs of an ordinary resource, as discovery lists them. */
export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** Who asks. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Reads and writes of other resources that a hook may need; answers are shared: do not change. */
export interface ResourceAccess {
  /** From the watch cache; undefined when there is none. `resource` is `plural.group` or `plural`. */
  get<T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
  ): Promise<T | undefined>;
  /** From the watch cache; namespace '' means all. */
  list<T extends KubeObject>(resource: string, namespace: string): Promise<readonly T[]>;
  /**
   * Creates, updates or deletes with the server's own authority, past admission.
   * Throws StatusError. `manager` owns the fields of what is created; `kube-apiserver` by default.
   */
  create<T extends KubeObject>(resource: string, object: T, manager?: string): Promise<T>;
  update<T extends KubeObject>(
    resource: string,
    namespace: string,
    name: string,
    change: (current: T) => T,
  ): Promise<T>;
  delete(resource: string, namespace: string, name: string, uid?: string): Promise<void>;
}

/** What a hook may know of the request. */
export interface WriteContext {
  readonly user: UserInfo;
  readonly namespace: string;
  /** The time of the request, RFC 3339 with seconds, in UTC. */
  readonly now: string;
  readonly dryRun: boolean;
  /** '' for the object itself. */
  readonly subresource: string;
  /** Group version of the request where it is not the stored one: `events.k8s.io/v1`. */
  readonly requestVersion?: string;
  readonly access: ResourceAccess;
  /** Adds a `Warning: 299` header. */
  warn(text: string): void;
  /** Adds to what the audit log tells of the request; undefined: it tells nothing. */
  annotate?(key: string, value: string): void;
}

/** Ends what `begin…` started: told whether the write was stored. */
export type Finish = (stored: boolean) => void | Promise<void>;

/** A check of metadata: as that of a new object, or of the change. */
export type MetadataCheck = 'whole' | 'change';

/** How an update of one face of an object (the object itself or a subresource) is treated. */
export interface UpdateStrategy<T> {
  /** Sets what the client may not change; `next` is changed in place, `prev` is what is stored. */
  prepareForUpdate?(next: T, prev: T, ctx: WriteContext): void;
  /**
   * Checks of metadata that the kind's own rules of an update make again, after the two that all
   * kinds have: each problem is named as often as the real server names it. Default ['change'].
   */
  readonly metadataChecks?: readonly MetadataCheck[];
  /** Problems of the change and of the result. Metadata is checked before, by the framework. */
  validateUpdate?(next: T, prev: T, ctx: WriteContext): FieldError[];
  /** Warning headers of an update. */
  warnings?(next: T, prev: T): string[];
  /** Everything but metadata and status stays as it is. */
  readonly keepsRest?: boolean;
}

/** The `status` subresource: by default everything but status (and metadata) is kept. */
export interface StatusStrategy<T> extends UpdateStrategy<T> {
  /**
   * Paths that a status write can never own, for managedFields: default every top-level field but
   * metadata and status. Such as [['spec'], ['metadata', 'labels']].
   */
  resetFields?: readonly (readonly string[])[];
  /** The status is not shown as a table: such requests get the next form that they take. */
  readonly withoutTable?: boolean;
}

/**
 * A subresource through which the whole object is read and written, with rules of its own
 * (`ephemeralcontainers`, `resize`, `approval`, `finalize`). What a write through it may not touch
 * is for `prepareForUpdate` to restore.
 */
export interface FaceStrategy<T> extends UpdateStrategy<T> {
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
  /** Paths that a write through it can never own. */
  resetFields?: readonly (readonly string[])[];
}

/** autoscaling/v1 Scale over an object. */
export interface ScaleStrategy<T> {
  /** Where the number stands: ['spec', 'replicas']. */
  specReplicasPath: readonly string[];
  statusReplicas(object: T): number;
  /** The selector in text form, '' for none. */
  selector(object: T): string;
}

/** What stands in a cell; a function for texts that change as time goes by (ages). */
export type Cell = string | number | boolean | null | ((nowMs: number) => string);

/** A Table column. */
export interface Column<T> {
  name: string;
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  /** 1: only shown in the wide output. */
  priority?: number;
  /** The text of the column definition, or `@core/v1.PodStatus.podIP` for that field's own description. */
  description: string;
  /** What the column leaves out of the field's description: it has the text of an older version. */
  descriptionWithout?: string;
  /** The cell stands in every row, its definition is not listed (a quirk of IPAddress). */
  undeclared?: boolean;
  /**
   * The cell. It is computed once per stored object and kept, so what depends on the present time is
   * returned as a function that captures the time stamp and not the object.
   */
  cell(object: T): Cell;
}

/** An entry of a table row's `conditions`: the row stands for something that has ended. */
export interface RowCondition {
  readonly type: 'Completed';
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
}

/** A kind that stays, marked, until something of its own has been emptied (namespaces). */
export interface DeletionHold<T> {
  /** True while the object must stay. */
  pending(object: T): boolean;
  /** Changes a marked object further (`status.phase`). */
  mark(object: T): void;
}

/** What a DELETE that is not immediate does. */
export interface GracefulDelete<T> {
  /**
   * The grace period in seconds for this request; 0 deletes at once. `requested` is the client's
   * gracePeriodSeconds, undefined when not given.
   */
  gracePeriodSeconds(object: T, requested: number | undefined): number;
}

/** A further served version of the same stored resource. */
export interface VersionConversion {
  readonly group: string;
  readonly version: string;
  /** The stored form of an object of this version, and back. Both return new objects. */
  toStored(object: KubeObject): KubeObject;
  fromStored(object: KubeObject): KubeObject;
  /** The fields that this version selects by, and what the stored one calls them. */
  readonly fieldNames?: Readonly<Record<string, string>>;
}

export interface ResourceDefinition<T extends KubeObject = KubeObject> {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** Key prefix in the store: `/registry/configmaps`. */
  readonly storagePrefix: string;
  /** `group/version/Kind` input of the storage version hash; undefined: as served. */
  readonly storageVersion: string | undefined;
  /** Other group versions under which the same objects are served. */
  readonly versions: readonly VersionConversion[];

  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** PUT without resourceVersion is allowed. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers with the object, not with a Status. */
  readonly deleteReturnsObject: boolean;
  /** Problems of a name (`prefix`: it is a generateName); default: DNS subdomain. */
  readonly nameRule: ((name: string, prefix: boolean) => string[]) | undefined;
  /** A name is not made from a generateName, which becomes the name as it is. */
  readonly plainGenerateName?: boolean;
  /**
   * Finalizers need no domain. The kinds of the older groups take only qualified names and the
   * three standard ones.
   */
  readonly anyFinalizer: boolean;
  /**
   * The part of an object (laid out as in the object) whose changes raise metadata.generation;
   * undefined: the kind has none.
   */
  readonly generationOf: ((object: T) => object) | undefined;
  /** A list that is sent empty is another than one that is not there: the generation tells them. */
  readonly generationTellsEmpty?: boolean;
  /** The generation counts what prepareForUpdate takes out again, too. */
  readonly countsDroppedFields: boolean;

  /** Clears what a client may not set; sets what the server does. */
  prepareForCreate?(next: T, ctx: WriteContext): void;
  /** Problems of a new object. Metadata is checked before, by the framework. */
  validate?(next: T, ctx: WriteContext): FieldError[];
  prepareForUpdate?(next: T, prev: T, ctx: WriteContext): void;
  /**
   * The kind's own rules of a create say nothing of metadata: it is checked when they find nothing.
   */
  readonly metadataLast: boolean;
  /** As in UpdateStrategy, for updates of the object itself. */
  readonly metadataChecks: readonly MetadataCheck[];
  /** Problems of a change; call `validate`'s checks too where the real server does. */
  validateUpdate?(next: T, prev: T, ctx: WriteContext): FieldError[];
  /** Last touch before storing, after validation. */
  canonicalize?(next: T): void;
  /**
   * What a write leaves to be defaulted by who reads the object; true when there was something.
   * What is in the store is out of date then: the next update writes even if it changes nothing.
   */
  defaultOnRead?(object: T): boolean;
  /** Warning headers on create (prev undefined) and update. */
  warnings?(next: T, prev: T | undefined): string[];

  /** Runs before a create is prepared: allocation of addresses. Throws StatusError. */
  beginCreate?(next: T, ctx: WriteContext): Promise<Finish | undefined>;
  beginUpdate?(next: T, prev: T, ctx: WriteContext): Promise<Finish | undefined>;
  /** After the object is gone from the store. */
  afterDelete?(object: T, ctx: WriteContext): Promise<void>;
  /** May this delete happen? Throws StatusError. */
  beforeDelete?(object: T, ctx: WriteContext): Promise<void>;

  readonly gracefulDelete: GracefulDelete<T> | undefined;
  readonly deletionHold: DeletionHold<T> | undefined;
  /**
   * Dependents of a deleted object when the request names no policy: `delete` leaves them to the
   * garbage collector, `orphan` strips their owner references first, `unsupported`: the kind can
   * have none and a policy in the request is ignored.
   */
  readonly defaultPropagation: 'delete' | 'orphan' | 'unsupported';
  /** A warning with deletes that name no policy. */
  readonly defaultPropagationWarning: string | undefined;
  /** A create keeps the client's status (nodes). */
  readonly createWithStatus: boolean;
  /** false: there is no status subresource (and status, if any, is an ordinary field). */
  readonly status: StatusStrategy<T> | false;
  readonly scale: ScaleStrategy<T> | undefined;
  /** Further subresources that are the object itself under other rules, by name. */
  readonly faces: Readonly<Record<string, FaceStrategy<T>>>;
  /** Paths that a write of the object itself can never own; default [['status']] with a status. */
  readonly resetFields: readonly (readonly string[])[] | undefined;
  readonly columns: readonly Column<T>[];
  /**
   * Annotations that stand for fields of the real server's internal form: metadata that is shown
   * without the object has them not.
   */
  readonly fieldAnnotations?: readonly string[];
  /** Conditions of the object's table row. */
  rowConditions?(object: T): readonly RowCondition[];
  /** Fields that can be selected beside metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
  /** What is said of any other field; undefined: the usual text. */
  readonly unknownFieldText: ((field: string) => string) | undefined;
  /** A warning with every request: the kind is deprecated. */
  readonly deprecation: string | undefined;
  /**
   * The server itself goes by these objects (webhooks): a write is answered when it does so by what
   * was written.
   */
  readonly actsAtOnce: boolean;
  /** Default TTL in seconds of new objects (events). */
  readonly ttlSeconds: number | undefined;
}

type Optional<T extends KubeObject> = Partial<ResourceDefinition<T>>;
type Needed = 'group' | 'version' | 'kind' | 'plural' | 'namespaced';

/** Completes a declaration with the defaults of an ordinary resource. */
export function defineResource<T extends KubeObject>(
  d: Optional<T> & Pick<ResourceDefinition<T>, Needed>,
): ResourceDefinition<T> {
  return {
    singular: d.kind.toLowerCase(),
    listKind: `${d.kind}List`,
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    storagePrefix: `/registry/${d.plural}`,
    storageVersion: undefined,
    versions: [],
    createOnUpdate: false,
    metadataLast: false,
    metadataChecks: ['change'],
    unconditionalUpdate: true,
    deleteReturnsObject: false,
    nameRule: undefined,
    anyFinalizer: false,
    generationOf: undefined,
    countsDroppedFields: false,
    gracefulDelete: undefined,
    deletionHold: undefined,
    defaultPropagation: 'delete',
    defaultPropagationWarning: undefined,
    createWithStatus: false,
    status: false,
    scale: undefined,
    faces: {},
    resetFields: undefined,
    columns: nameAndAge(),
    selectableFields: {},
    unknownFieldText: undefined,
    deprecation: undefined,
    actsAtOnce: false,
    ttlSeconds: undefined,
    ...d,
  };
}

/** The Name column that every table starts with. */
export function nameColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Name',
    format: 'name',
    description: '@meta/v1.ObjectMeta.name',
    cell: (o) => o.metadata?.name ?? '',
  };
}

/** The table of resources that have no printer of their own. */
export function nameAndAge<T extends KubeObject>(): Column<T>[] {
  return [
    nameColumn<T>(),
    {
      name: 'Created At',
      type: 'date',
      description: '@meta/v1.ObjectMeta.creationTimestamp',
      cell: (o) => o.metadata?.creationTimestamp ?? null,
    },
  ];
}
