/** Every built-in subresource that has a behaviour of its own. Adding one is one line here. */
import type { AuthenticationSetup } from '../auth/authentication.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { ApiServerOptions } from '../options.ts';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import { createKubelets } from '../subresources/kubelets.ts';
import { nodeProxy } from '../subresources/node-proxy.ts';
import { podAttach } from '../subresources/pod-attach.ts';
import { podBinding } from '../subresources/pod-binding.ts';
import { podEviction } from '../subresources/pod-eviction.ts';
import { podExec } from '../subresources/pod-exec.ts';
import { podLog } from '../subresources/pod-log.ts';
import { podPortForward } from '../subresources/pod-port-forward.ts';
import { podProxy } from '../subresources/pod-proxy.ts';
import { createTransport } from '../subresources/proxying/backend.ts';
import { serviceAccountToken } from '../subresources/service-account-token.ts';
import { serviceProxy } from '../subresources/service-proxy.ts';
import type { Catalog } from './catalog.ts';
import type { ResourceAccess } from './resource.ts';
import type { Subresource } from './subresource.ts';

/** What subresources are built from. */
export interface SubresourceEnvironment {
  readonly options: ApiServerOptions;
  readonly certificates: ServerCertificates;
  readonly authentication: AuthenticationSetup;
  readonly authorizer: Authorizer;
  readonly access: ResourceAccess;
  catalog(): Catalog;
}

export function builtinSubresources(environment: SubresourceEnvironment): readonly Subresource[] {
  const kubelets = createKubelets(environment);
  // Pods and services show any certificate, or none.
  const pods = createTransport({});
  return [
    nodeProxy(kubelets, pods),
    podAttach(environment, kubelets),
    podBinding(environment),
    podEviction(environment),
    podExec(environment, kubelets),
    podLog(environment, kubelets),
    podPortForward(environment, kubelets),
    podProxy(environment, pods),
    serviceAccountToken(environment),
    serviceProxy(environment, pods),
  ];
}
