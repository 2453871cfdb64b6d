/** Options of authentication and authorization, named as the upstream flags. */
export interface AuthOptions {
  readonly clientCaFile?: string;
  readonly tokenAuthFile?: string;
  /** Undefined: true, unless the authentication configuration says where. */
  readonly anonymousAuth?: boolean;
  readonly enableBootstrapTokenAuth: boolean;
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames: readonly string[];
  readonly requestheaderUsernameHeaders: readonly string[];
  readonly requestheaderUidHeaders: readonly string[];
  readonly requestheaderGroupHeaders: readonly string[];
  readonly requestheaderExtraHeadersPrefix: readonly string[];
  /** AuthenticationConfiguration of apiserver.config.k8s.io/v1. */
  readonly authenticationConfig?: string;
  readonly oidcIssuerUrl?: string;
  readonly oidcClientId?: string;
  readonly oidcCaFile?: string;
  readonly oidcUsernameClaim?: string;
  readonly oidcUsernamePrefix?: string;
  readonly oidcGroupsClaim?: string;
  readonly oidcGroupsPrefix?: string;
  readonly oidcSigningAlgs?: readonly string[];
  /** `claim=value`. */
  readonly oidcRequiredClaim?: readonly string[];
  readonly authenticationTokenWebhookConfigFile?: string;
  /** Milliseconds. */
  readonly authenticationTokenWebhookCacheTtl: number;
  readonly authenticationTokenWebhookVersion: string;
  /** Undefined: Node and RBAC, unless there is an authorization configuration. */
  readonly authorizationMode?: readonly string[];
  /** AuthorizationConfiguration of apiserver.config.k8s.io/v1. */
  readonly authorizationConfig?: string;
  readonly authorizationPolicyFile?: string;
  readonly authorizationWebhookConfigFile?: string;
  readonly authorizationWebhookVersion?: string;
  /** Milliseconds. */
  readonly authorizationWebhookCacheAuthorizedTtl?: number;
  readonly authorizationWebhookCacheUnauthorizedTtl?: number;
}

export const defaultAuthOptions: AuthOptions = {
  enableBootstrapTokenAuth: false,
  requestheaderAllowedNames: [],
  requestheaderUsernameHeaders: [],
  requestheaderUidHeaders: [],
  requestheaderGroupHeaders: [],
  requestheaderExtraHeadersPrefix: [],
  authenticationTokenWebhookCacheTtl: 120_000,
  authenticationTokenWebhookVersion: 'v1beta1',
};
