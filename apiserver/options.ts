/** Options of the API server, named as the upstream flags: `--etcd-servers` is etcdServers. */
import { type AuditOptions, defaultAuditOptions } from './audit/audit-options.ts';
import { type AuthOptions, defaultAuthOptions } from './auth/auth-options.ts';
import { defaultLimitOptions, type LimitOptions } from './flow-control/limit-options.ts';

/** All of them; those of one area stand with it. */
export interface ApiServerOptions extends AuditOptions, AuthOptions, LimitOptions {
  /** The embedded store and what the server makes for itself. */
  readonly dataDir: string;
  /** Empty: the embedded store. */
  readonly etcdServers: readonly string[];
  readonly etcdCafile?: string;
  readonly etcdCertfile?: string;
  readonly etcdKeyfile?: string;
  /** `/registry`. */
  readonly etcdPrefix: string;
  readonly securePort: number;
  readonly bindAddress: string;
  /** Empty: the bound address, or that of the interface with the default route. */
  readonly advertiseAddress: string;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly enableAdmissionPlugins: readonly string[];
  readonly disableAdmissionPlugins: readonly string[];
  readonly admissionControlConfigFile?: string;
  readonly serviceClusterIpRange: string;
  readonly serviceNodePortRange: string;
  readonly serviceAccountIssuer: string;
  readonly apiAudiences: readonly string[];
  readonly serviceAccountKeyFile: readonly string[];
  readonly serviceAccountSigningKeyFile?: string;
  /** How the server proves itself to kubelets, and whose kubelets it trusts. */
  readonly kubeletClientCertificate?: string;
  readonly kubeletClientKey?: string;
  readonly kubeletCertificateAuthority?: string;
  readonly kubeletPreferredAddressTypes: readonly string[];
  readonly eventTtlSeconds: number;
  readonly logLevel: string;
}

/** The defaults of all but dataDir; the authorization modes are the secure ones. */
export const defaultOptions: Omit<ApiServerOptions, 'dataDir'> = {
  ...defaultAuditOptions,
  ...defaultAuthOptions,
  ...defaultLimitOptions,
  etcdServers: [],
  etcdPrefix: '/registry',
  securePort: 6443,
  bindAddress: '0.0.0.0',
  advertiseAddress: '',
  enableAdmissionPlugins: [],
  disableAdmissionPlugins: [],
  serviceClusterIpRange: '10.0.0.0/24',
  serviceNodePortRange: '30000-32767',
  serviceAccountIssuer: 'https://kubernetes.default.svc',
  apiAudiences: [],
  serviceAccountKeyFile: [],
  kubeletPreferredAddressTypes: [
    'Hostname',
    'InternalDNS',
    'InternalIP',
    'ExternalDNS',
    'ExternalIP',
  ],
  eventTtlSeconds: 3600,
  logLevel: 'info',
};
