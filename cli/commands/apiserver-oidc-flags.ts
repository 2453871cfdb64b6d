/** Flags of `k8ts apiserver` for tokens that others issue or know. */
import type { Command } from 'commander';
import { defaultAuthOptions as d } from '../../apiserver/auth/auth-options.ts';
import { toList } from '../command.ts';
import { toDurationMs } from './durations.ts';

/** Adds the flags. */
export function defineOidcFlags(command: Command): void {
  command
    .option('--authentication-config <file>', 'AuthenticationConfiguration: issuers, anonymous')
    .option('--oidc-issuer-url <url>', 'issuer of tokens (OpenID Connect); https only')
    .option('--oidc-client-id <id>', 'audience that its tokens must name')
    .option('--oidc-ca-file <file>', 'authorities of the issuer; default: those of the system')
    .option('--oidc-username-claim <claim>', 'claim that is the user; default: sub')
    .option('--oidc-username-prefix <text>', 'in front of users; - for none; default: ISSUER#')
    .option('--oidc-groups-claim <claim>', 'claim that is the groups')
    .option('--oidc-groups-prefix <text>', 'in front of groups')
    .option('--oidc-signing-algs <names>', 'signatures that are accepted; default: RS256', toList)
    .option('--oidc-required-claim <claim=value>', 'must be in tokens; may be repeated', collect)
    .option('--authentication-token-webhook-config-file <file>', 'kubeconfig of a webhook')
    .option(
      '--authentication-token-webhook-cache-ttl <duration>',
      'how long its answers hold',
      toDurationMs,
      d.authenticationTokenWebhookCacheTtl,
    )
    .option(
      '--authentication-token-webhook-version <version>',
      'of its TokenReviews: v1, v1beta1',
      d.authenticationTokenWebhookVersion,
    );
}

function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
