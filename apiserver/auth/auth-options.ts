/** Options of authentication and authorization, named as the upstream flags. */
export interface AuthOptions {
  readonly clientCaFile?: string;
  readonly tokenAuthFile?: string;
  readonly anonymousAuth: boolean;
  readonly enableBootstrapTokenAuth: boolean;
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames: readonly string[];
  readonly requestheaderUsernameHeaders: readonly string[];
  readonly requestheaderUidHeaders: readonly string[];
  readonly requestheaderGroupHeaders: readonly string[];
  readonly requestheaderExtraHeadersPrefix: readonly string[];
  readonly authorizationMode: readonly string[];
}

export const defaultAuthOptions: AuthOptions = {
  anonymousAuth: true,
  enableBootstrapTokenAuth: false,
  requestheaderAllowedNames: [],
  requestheaderUsernameHeaders: [],
  requestheaderUidHeaders: [],
  requestheaderGroupHeaders: [],
  requestheaderExtraHeadersPrefix: [],
  authorizationMode: ['Node', 'RBAC'],
};
