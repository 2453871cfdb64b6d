/** Every admission plugin in the order of the real server, and which of them run. */
import type { ApiServerOptions } from '../options.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';

export function admissionPlugins(
  _options: ApiServerOptions,
  _environment: AdmissionEnvironment,
): readonly AdmissionPlugin[] {
  return [];
}
