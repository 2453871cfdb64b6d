/** Options of the API server, named as the upstream flags: `--etcd-servers` is etcdServers. */
import { type AuditOptions, defaultAuditOptions } from './audit/audit-options.ts';
import { type AuthOptions, defaultAuthOptions } from './auth/auth-options.ts';
import { defaultLimitOptions, type LimitOptions } from './flow-control/limit-options.ts';
import { defaultServingOptions, type ServingOptions } from './server/serving-options.ts';

/** All of them; those of one area stand with it. */
export interface ApiServerOptions extends AuditOptions, AuthOptions, LimitOptions, ServingOptions {
  /** The embedded store and what the server makes for itself. */
  readonly dataDir: string;
  /** Empty: the embedded store. */
  readonly etcdServers: readonly string[];
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  /** History older than this is given up, by one of the servers of an etcd; 0: by none. */
  readonly etcdCompactionIntervalMs: number;
  readonly etcdHealthcheckTimeoutMs: number;
  readonly etcdReadycheckTimeoutMs: number;
  /** Which resources are encrypted in the store, and how. */
  readonly encryptionProviderConfig?: string;
  readonly encryptionProviderConfigAutomaticReload: boolean;
  /** `/registry`. */
  readonly etcdPrefix: string;
  readonly securePort: number;
  readonly bindAddress: string;
  /** Empty: the bound address, or that of the interface with the default route. */
  readonly advertiseAddress: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  /** Where `apiserver.crt` and `apiserver.key` stand or are made when none are given. */
  readonly certDir?: string;
  readonly enableAdmissionPlugins: readonly string[];
  readonly disableAdmissionPlugins: readonly string[];
  readonly admissionControlConfigFile?: string;
  readonly serviceClusterIpRange: string;
  readonly serviceNodePortRange: string;
  /** Of the tokens that the server makes. */
  readonly serviceAccountIssuer: string;
  /** Whose tokens are accepted beside. */
  readonly furtherServiceAccountIssuers: readonly string[];
  /** Where the keys are published, when not by this server. */
  readonly serviceAccountJwksUri?: string;
  readonly apiAudiences: readonly string[];
  readonly serviceAccountKeyFile: readonly string[];
  readonly serviceAccountSigningKeyFile?: string;
  /** How the server proves itself to kubelets, and whose kubelets it trusts. */
  readonly kubeletClientCertificate?: string;
  readonly kubeletClientKey?: string;
  readonly kubeletCertificateAuthority?: string;
  readonly kubeletPreferredAddressTypes: readonly string[];
  /** `lease`: endpoints of the service `kubernetes` are those of the living servers; `none`. */
  readonly endpointReconcilerType: string;
  readonly eventTtlSeconds: number;
  readonly logLevel: string;
}

/** The defaults of all but dataDir; the authorization modes are the secure ones. */
export const defaultOptions: Omit<ApiServerOptions, 'dataDir'> = {
  ...defaultAuditOptions,
  ...defaultAuthOptions,
  ...defaultLimitOptions,
  ...defaultServingOptions,
  etcdServers: [],
  etcdCompactionIntervalMs: 300_000,
  etcdHealthcheckTimeoutMs: 2_000,
  etcdReadycheckTimeoutMs: 2_000,
  encryptionProviderConfigAutomaticReload: false,
  etcdPrefix: '/registry',
  securePort: 6443,
  bindAddress: '0.0.0.0',
  advertiseAddress: '',
  enableAdmissionPlugins: [],
  disableAdmissionPlugins: [],
  serviceClusterIpRange: '10.0.0.0/24',
  serviceNodePortRange: '30000-32767',
  serviceAccountIssuer: 'https://kubernetes.default.svc',
  furtherServiceAccountIssuers: [],
  apiAudiences: [],
  serviceAccountKeyFile: [],
  kubeletPreferredAddressTypes: [
    'Hostname',
    'InternalDNS',
    'InternalIP',
    'ExternalDNS',
    'ExternalIP',
  ],
  endpointReconcilerType: 'lease',
  eventTtlSeconds: 3600,
  logLevel: 'info',
};
