/**
 * A container runtime in memory for tests: sandboxes and containers with their states, images,
 * a record of the calls. Nothing runs; `exit` ends a container as if its process had ended.
 */
import type { Clock } from '../../machinery/meta/clock.ts';
import { complement } from './codec.ts';
import { CriError } from './cri-error.ts';
import {
  type Container,
  ContainerState,
  type ContainerStatus,
  NamespaceMode,
  type PodSandboxConfig,
  PodSandboxState,
  type PodSandboxStatus,
} from './messages.ts';
import type { CriCallOptions, Method, RequestOf, ResponseOf, Runtime } from './runtime.ts';

export interface FakeSandbox {
  readonly id: string;
  readonly status: PodSandboxStatus;
  readonly config: PodSandboxConfig;
}

export interface FakeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly status: ContainerStatus;
  readonly request: RequestOf<'CreateContainer'>;
}

interface Ended {
  readonly code: number;
  readonly reason?: string;
}

const nsPerMs = 1e6;
const stopped = 143;

type Handlers = { [M in Method]?: (request: RequestOf<M>) => object | Promise<object> };

export class FakeRuntime implements Runtime {
  /** Every call in order. */
  readonly calls: { method: Method; request: object }[] = [];
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly containers = new Map<string, FakeContainer>();
  /** Names of images that are present. */
  readonly images = new Set<string>();
  /** Names of images that can be pulled. */
  readonly registry = new Set<string>();
  /** Runs before each call; what it throws is the answer. */
  before: ((method: Method, request: object) => void | Promise<void>) | undefined;
  /** Answers of ExecSync: exit code by command line. */
  readonly execs = new Map<string, number>();
  /** A container of this name ends at once when it is started. */
  readonly exitsAtOnce = new Map<string, Ended>();
  private readonly clock: Clock;
  private serial = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls in short form, without those that only look: `StartContainer c`. */
  actions(): string[] {
    const looks = /^(List|Status$|Version$|.*Status$|ImageFsInfo|.*Stats$)/;
    return this.calls
      .filter((c) => !looks.test(c.method))
      .map(({ method, request }) => {
        const id = (request as { containerId?: string }).containerId;
        const name =
          this.names.get(id ?? '') ??
          (request as RequestOf<'CreateContainer'>).config?.metadata?.name;
        return name === undefined ? method : `${method} ${name}`;
      });
  }

  private readonly names = new Map<string, string>();

  /** The newest container of that name. Throws when there is none. */
  container(name: string): FakeContainer {
    const found = [...this.containers.values()].findLast((c) => c.status.metadata?.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  /** Ends the newest container of that name. */
  exit(name: string, code: number, reason = code === 0 ? 'Completed' : 'Error'): void {
    this.end(this.container(name), { code, reason });
  }

  async call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CriCallOptions = {},
  ): Promise<ResponseOf<M>> {
    this.calls.push({ method, request });
    await this.before?.(method, request);
    if (options.signal?.aborted) throw new CriError('cancelled', 'aborted');
    const handler = this.handlers[method] as Handlers[M];
    if (handler === undefined) throw new CriError('unimplemented', `no ${method}`);
    return complement(`${method}Response`, await handler(request)) as ResponseOf<M>;
  }

  // biome-ignore lint/correctness/useYield: a stream that never begins.
  async *events(): AsyncGenerator<never> {
    throw new CriError('unimplemented', 'no events');
  }

  close(): void {
    // Nothing is open.
  }

  private readonly handlers: Handlers = {
    Version: () => ({ version: '0.1.0', runtimeName: 'fake', runtimeVersion: '1' }),
    Status: () => ({
      status: {
        conditions: [
          { type: 'RuntimeReady', status: true },
          { type: 'NetworkReady', status: true },
        ],
      },
    }),
    RunPodSandbox: ({ config }) => ({ podSandboxId: this.runSandbox(config as PodSandboxConfig) }),
    StopPodSandbox: ({ podSandboxId }) => {
      for (const c of this.containers.values()) {
        if (c.sandboxId === podSandboxId) this.end(c, { code: stopped });
      }
      this.sandbox(podSandboxId).status.state = PodSandboxState.SANDBOX_NOTREADY;
      return {};
    },
    RemovePodSandbox: ({ podSandboxId = '' }) => {
      this.sandboxes.delete(podSandboxId);
      for (const c of this.containers.values()) {
        if (c.sandboxId === podSandboxId) this.containers.delete(c.id);
      }
      return {};
    },
    PodSandboxStatus: ({ podSandboxId }) => ({ status: this.sandbox(podSandboxId).status }),
    ListPodSandbox: ({ filter }) => ({
      items: [...this.sandboxes.values()]
        .map((s) => s.status)
        .filter((s) => matches(s.labels, filter?.labelSelector)),
    }),
    CreateContainer: (request) => ({ containerId: this.createContainer(request) }),
    StartContainer: ({ containerId }) => {
      const container = this.get(containerId);
      container.status.state = ContainerState.CONTAINER_RUNNING;
      container.status.startedAt = this.now();
      const ended = this.exitsAtOnce.get(container.status.metadata?.name ?? '');
      if (ended !== undefined) this.end(container, ended);
      return {};
    },
    StopContainer: ({ containerId }) => {
      this.end(this.get(containerId), { code: stopped });
      return {};
    },
    RemoveContainer: ({ containerId = '' }) => {
      this.containers.delete(containerId);
      return {};
    },
    ListContainers: ({ filter }) => ({
      containers: [...this.containers.values()]
        .filter((c) => matches(c.status.labels, filter?.labelSelector))
        .map((c): Partial<Container> => ({ ...c.status, podSandboxId: c.sandboxId })),
    }),
    ContainerStatus: ({ containerId }) => ({ status: this.get(containerId).status }),
    UpdateContainerResources: ({ containerId, linux }) => {
      this.get(containerId).status.resources = { linux } as ContainerStatus['resources'];
      return {};
    },
    ReopenContainerLog: () => ({}),
    ExecSync: ({ cmd = [] }) => ({ exitCode: this.execs.get(cmd.join(' ')) ?? 0 }),
    ImageStatus: ({ image }) => {
      const name = image?.image ?? '';
      return this.images.has(name) ? { image: { id: `sha256:${name}`, repoTags: [name] } } : {};
    },
    PullImage: ({ image }) => {
      const name = image?.image ?? '';
      if (!this.registry.has(name)) throw new CriError('notFound', `no image ${name}`);
      this.images.add(name);
      return { imageRef: `sha256:${name}` };
    },
    ListImages: () => ({
      images: [...this.images].map((name) => ({ id: `sha256:${name}`, repoTags: [name] })),
    }),
    RemoveImage: ({ image }) => {
      this.images.delete(image?.image ?? '');
      return {};
    },
  };

  private now(): number {
    return this.clock.now() * nsPerMs;
  }

  private sandbox(id = ''): FakeSandbox {
    const found = this.sandboxes.get(id);
    if (found === undefined) throw new CriError('notFound', `sandbox ${id} not found`);
    return found;
  }

  private get(id = ''): FakeContainer {
    const found = this.containers.get(id);
    if (found === undefined) throw new CriError('notFound', `container ${id} not found`);
    return found;
  }

  private runSandbox(config: PodSandboxConfig): string {
    const serial = ++this.serial;
    const id = `sandbox${serial}`;
    const options = config.linux?.securityContext?.namespaceOptions;
    const onHost = options?.network === NamespaceMode.NODE;
    const status = complement('PodSandboxStatus', {
      id,
      metadata: config.metadata,
      state: PodSandboxState.SANDBOX_READY,
      createdAt: this.now() + serial * nsPerMs,
      network: { ip: onHost ? '' : `10.1.0.${serial}` },
      linux: { namespaces: { options } },
      labels: config.labels,
      annotations: config.annotations,
    }) as PodSandboxStatus;
    this.sandboxes.set(id, { id, status, config });
    return id;
  }

  private createContainer(request: RequestOf<'CreateContainer'>): string {
    const { config, podSandboxId = '' } = request;
    if (this.sandbox(podSandboxId).status.state !== PodSandboxState.SANDBOX_READY) {
      throw new CriError('unknown', `sandbox ${podSandboxId} is not running`);
    }
    const serial = ++this.serial;
    const id = `container${serial}`;
    const status = complement('ContainerStatus', {
      id,
      metadata: config?.metadata,
      state: ContainerState.CONTAINER_CREATED,
      createdAt: this.now() + serial * nsPerMs,
      // As containerd: asked for by its id, shown by its name.
      image: { image: config?.image?.image?.replace(/^sha256:/, '') },
      imageRef: config?.image?.image,
      labels: config?.labels,
      annotations: config?.annotations,
      mounts: config?.mounts,
    }) as ContainerStatus;
    this.containers.set(id, { id, sandboxId: podSandboxId, status, request });
    this.names.set(id, config?.metadata?.name ?? '');
    return id;
  }

  private end(container: FakeContainer, { code, reason }: Ended): void {
    const { status } = container;
    if (status.state === ContainerState.CONTAINER_EXITED) return;
    status.state = ContainerState.CONTAINER_EXITED;
    status.exitCode = code;
    status.reason = reason ?? (code === 0 ? 'Completed' : 'Error');
    status.finishedAt = this.now();
  }
}

function matches(
  labels: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string | undefined>> | undefined,
): boolean {
  return Object.entries(selector ?? {}).every(([k, v]) => labels[k] === v);
}
