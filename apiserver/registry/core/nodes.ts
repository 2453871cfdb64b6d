/** v1 Node. Its `proxy` subresource is handled apart. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { cidrWarnings } from '../../../machinery/meta/ip.ts';
import type { Node } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { type Column, defineResource, nameColumn } from '../resource.ts';
import { validateNode, validateNodeChange } from './node/node-validation.ts';

export const nodes = defineResource<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  storagePrefix: '/registry/minions',
  createWithStatus: true,
  selectableFields: {
    'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false),
  },
  prepareForCreate: (next) => {
    delete next.spec?.configSource;
    delete next.status?.config;
  },
  prepareForUpdate: (next, prev) => {
    if (prev.spec?.configSource === undefined) delete next.spec?.configSource;
  },
  defaultOnRead: (node) => {
    // An empty list is stored as none, which stands for all there is.
    const { capacity, allocatable, ...rest } = node.status ?? {};
    if (capacity === undefined || allocatable !== undefined) return false;
    node.status = { capacity, allocatable: { ...capacity }, ...rest };
    return true;
  },
  validate: (next) => validateNode(next),
  validateUpdate: (next, prev) => [...validateNode(next), ...validateNodeChange(next, prev)],
  warnings: nodeWarnings,
  status: {
    prepareForUpdate: (next, prev) => {
      if (prev.status?.config === undefined) delete next.status?.config;
    },
    validateUpdate: (next, prev) => validateNodeChange(next, prev),
  },
  columns: nodeColumns(),
});

function nodeColumns(): Column<Node>[] {
  return [
    nameColumn(),
    { name: 'Status', description: 'The status of the node', cell: statusText },
    { name: 'Roles', description: 'The roles of the node', cell: rolesText },
    ageColumn(),
    {
      name: 'Version',
      description: '@core/v1.NodeSystemInfo.kubeletVersion',
      cell: (node) => node.status?.nodeInfo?.kubeletVersion ?? '',
    },
    addressColumn('Internal-IP', 'InternalIP'),
    addressColumn('External-IP', 'ExternalIP'),
    {
      name: 'OS-Image',
      priority: 1,
      description: '@core/v1.NodeSystemInfo.osImage',
      cell: (node) => node.status?.nodeInfo?.osImage || '<unknown>',
    },
    {
      name: 'Kernel-Version',
      priority: 1,
      description: '@core/v1.NodeSystemInfo.kernelVersion',
      cell: (node) => {
        const info = node.status?.nodeInfo;
        const arch = info?.architecture ? ` (${info.architecture})` : '';
        return `${info?.kernelVersion || '<unknown>'}${arch}`;
      },
    },
    {
      name: 'Container-Runtime',
      priority: 1,
      description: '@core/v1.NodeSystemInfo.containerRuntimeVersion',
      cell: (node) => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ];
}

function addressColumn(name: string, type: string): Column<Node> {
  return {
    name,
    priority: 1,
    description: '@core/v1.NodeStatus.addresses',
    cell: (node) => node.status?.addresses?.find((a) => a.type === type)?.address ?? '<none>',
  };
}

function statusText(node: Node): string {
  const ready = node.status?.conditions?.findLast((c) => c.type === 'Ready');
  let text = 'Unknown';
  if (ready !== undefined) text = ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesText(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) {
      roles.add(key.slice(rolePrefix.length));
    } else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].sort().join(',') || '<none>';
}

function nodeWarnings(node: Node): string[] {
  const warnings: string[] = [];
  if (node.spec?.configSource !== undefined) {
    warnings.push('spec.configSource: the feature is removed');
  }
  if (node.spec?.externalID) {
    warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  }
  const at = FieldPath.of('spec', 'podCIDRs');
  const cidrs = node.spec?.podCIDRs ?? [];
  return [...warnings, ...cidrs.flatMap((cidr, i) => cidrWarnings(cidr, at.index(i)))];
}
