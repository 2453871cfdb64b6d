/** Flags of `k8ts apiserver` that say who clients are and what they may do. */
import type { Command } from 'commander';
import { defaultAuthOptions as d } from '../../apiserver/auth/auth-options.ts';
import { toBool, toList } from '../command.ts';

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
    .option('--authorization-mode <modes>', 'Node, RBAC, AlwaysAllow', toList, [
      ...d.authorizationMode,
    ]);
}

/** `--names a,b`, which may be repeated. */
function list(text: string, before: readonly string[]): string[] {
  return [...before, ...toList(text)];
}
