/** Where requests without credentials are let in, as `system:anonymous`. */
import type { AuthOptions } from './auth-options.ts';
import type { AuthenticationConfiguration } from './oidc/authentication-configuration.ts';

/** Whether a path is open to them. */
export type AnonymousAccess = (path: string) => boolean;

/** From flags or the configuration file, which exclude each other: throws an Error. */
export function anonymousAccess(
  options: AuthOptions,
  configured: AuthenticationConfiguration['anonymous'],
): AnonymousAccess {
  if (configured === undefined) {
    // Everything is allowed to everybody: then at least who it is should be known.
    const allowed =
      (options.anonymousAuth ?? true) &&
      options.authorizationMode?.includes('AlwaysAllow') !== true;
    return () => allowed;
  }
  if (options.anonymousAuth !== undefined) {
    throw new Error(
      'anonymous: Forbidden: --anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file',
    );
  }
  const { enabled = false, conditions = [] } = configured;
  const paths = new Set(conditions.map(({ path = '' }) => path));
  return (path) => enabled && (paths.size === 0 || paths.has(path));
}
