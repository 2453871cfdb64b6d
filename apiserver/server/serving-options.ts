/** Options of the server as such, named as the upstream flags. */
import type { TlsFlags } from './tls-settings.ts';

export interface ServingOptions extends TlsFlags {
  /** `cert,key:name,name`. */
  readonly tlsSniCertKey: readonly string[];
  /** What the server calls itself in documents, when not its advertised address. */
  readonly externalHostname?: string;
  /** Others may listen on the same port, and take turns. */
  readonly permitPortSharing: boolean;
  /** Regular expressions of web origins; empty: none may read answers. */
  readonly corsAllowedOrigins: readonly string[];
  readonly strictTransportSecurityDirectives: readonly string[];
  /** Between the signal to end, when /readyz fails, and the end. */
  readonly shutdownDelayDurationMs: number;
  /** What the server shows to aggregated API servers. */
  readonly proxyClientCertFile?: string;
  readonly proxyClientKeyFile?: string;
  /** `api/all=false`, `apps/v1=true`, … */
  readonly runtimeConfig: readonly string[];
  /** `Name=true`, … */
  readonly featureGates: readonly string[];
  /** What `/flagz` shows: values by the name of the flag. */
  readonly flags: Readonly<Record<string, string>>;
  /** Containers may run privileged. */
  readonly allowPrivileged: boolean;
}

export const defaultServingOptions: ServingOptions = {
  tlsCipherSuites: [],
  tlsCurvePreferences: [],
  tlsSniCertKey: [],
  permitPortSharing: false,
  corsAllowedOrigins: [],
  strictTransportSecurityDirectives: [],
  shutdownDelayDurationMs: 0,
  runtimeConfig: [],
  featureGates: [],
  flags: {},
  // Unlike upstream, whose clusters all turn it on.
  allowPrivileged: true,
};
