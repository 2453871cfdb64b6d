/** Flags of `k8ts apiserver` about the server as such: TLS, names, what is served. */
import type { Command } from 'commander';
import { defaultServingOptions as d } from '../../apiserver/server/serving-options.ts';
import { toBool, toList } from '../command.ts';
import { toDurationMs } from './durations.ts';

/** Adds the flags. */
export function defineServingFlags(command: Command): void {
  command
    .option('--tls-min-version <version>', 'VersionTLS10 to VersionTLS13; default VersionTLS12')
    .option('--tls-cipher-suites <names>', 'for TLS 1.2, as Go names them', list, [])
    .option('--tls-curve-preferences <numbers>', 'curves, in order of preference', list, [])
    .option(
      '--tls-sni-cert-key <files>',
      'cert,key:names of a further certificate; may be repeated',
      each,
      [],
    )
    .option('--external-hostname <name>', 'what the server calls itself in documents')
    .option(
      '--permit-port-sharing [bool]',
      'let others listen on the same port',
      toBool,
      d.permitPortSharing,
    )
    .option('--cors-allowed-origins <patterns>', 'web origins that may read answers', list, [])
    .option('--strict-transport-security-directives <list>', 'sent as a header', list, [])
    .option(
      '--shutdown-delay-duration <duration>',
      'from the signal to end, when /readyz fails, to the end',
      toDurationMs,
    )
    .option('--proxy-client-cert-file <file>', 'shown to aggregated API servers')
    .option('--proxy-client-key-file <file>', 'key of that certificate')
    .option('--runtime-config <pairs>', 'versions to serve: apps/v1=false', list, [])
    .option('--feature-gates <pairs>', 'each stands as by default', list, [])
    .option(
      '--allow-privileged [bool]',
      'let containers run privileged',
      toBool,
      d.allowPrivileged,
    );
}

/** `--names a,b`, which may be repeated. */
function list(text: string, before: readonly string[]): string[] {
  return [...before, ...toList(text)];
}

function each(text: string, before: readonly string[]): string[] {
  return [...before, text];
}
