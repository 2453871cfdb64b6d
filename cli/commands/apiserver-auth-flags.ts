/** Flags of `k8ts apiserver` that say who clients are and what they may do. */
import type { Command } from 'commander';
import { defaultAuthOptions as d } from '../../apiserver/auth/auth-options.ts';
import { toBool, toList } from '../command.ts';
import { toDurationMs } from './durations.ts';

/** Adds the flags. */
export function defineAuthFlags(command: Command): void {
  command
    .option('--client-ca-file <file>', 'authorities of client certificates')
    .option('--token-auth-file <file>', 'static tokens: token,user,uid,"groups"')
    .option('--anonymous-auth [bool]', 'let requests without credentials in as anonymous', toBool)
    .option(
      '--enable-bootstrap-token-auth [bool]',
      'accept tokens of secrets of type bootstrap.kubernetes.io/token',
      toBool,
      d.enableBootstrapTokenAuth,
    )
    .option('--requestheader-client-ca-file <file>', 'authorities of front proxies')
    .option('--requestheader-allowed-names <names>', 'common names of front proxies', list, [])
    .option('--requestheader-username-headers <names>', 'where they name the user', list, [])
    .option('--requestheader-uid-headers <names>', 'where they tell its uid', list, [])
    .option('--requestheader-group-headers <names>', 'where they tell its groups', list, [])
    .option('--requestheader-extra-headers-prefix <names>', 'how further headers begin', list, [])
    .option(
      '--authorization-mode <modes>',
      'Node, RBAC, Webhook, ABAC, AlwaysAllow, AlwaysDeny; default: Node,RBAC',
      toList,
    )
    .option('--authorization-config <file>', 'AuthorizationConfiguration: several authorizers')
    .option('--authorization-policy-file <file>', 'policies of the mode ABAC')
    .option('--authorization-webhook-config-file <file>', 'kubeconfig of the mode Webhook')
    .option('--authorization-webhook-version <version>', 'of its reviews: v1, v1beta1 (default)')
    .option(
      '--authorization-webhook-cache-authorized-ttl <duration>',
      'how long it is not asked again about what it allowed; default: 5m0s',
      toDurationMs,
    )
    .option(
      '--authorization-webhook-cache-unauthorized-ttl <duration>',
      'the same for what it did not allow; default: 30s',
      toDurationMs,
    );
}

/** `--names a,b`, which may be repeated. */
function list(text: string, before: readonly string[]): string[] {
  return [...before, ...toList(text)];
}
