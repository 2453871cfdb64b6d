/** The two webhook plugins, as the server's list of plugins builds them. */
import { isAbsolute } from 'node:path';
import type {
  MutatingWebhookConfiguration,
  Service,
  ValidatingWebhookConfiguration,
} from '../../../machinery/schema/wire.ts';
import { anonymous, readWebhookUsers } from '../../webhook/webhook-users.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import type { WebhookEnvironment } from './asking.ts';
import { Hooks } from './hook.ts';
import { mutatingWebhooks } from './mutating.ts';
import { validatingWebhooks } from './validating.ts';
import { WebhookClients } from './webhook-clients.ts';
import { WebhookMetrics } from './webhook-metrics.ts';

const group = 'admissionregistration.k8s.io';

/** MutatingAdmissionWebhook. Throws an Error for a configuration that cannot be read. */
export function mutatingAdmissionWebhook(
  admission: AdmissionEnvironment,
  configuration: unknown,
): AdmissionPlugin {
  const resource = `mutatingwebhookconfigurations.${group}`;
  const watched = admission.watched<MutatingWebhookConfiguration>(resource);
  return mutatingWebhooks(new Hooks('admit', watched), environment(admission, configuration));
}

/** ValidatingAdmissionWebhook. Throws an Error for a configuration that cannot be read. */
export function validatingAdmissionWebhook(
  admission: AdmissionEnvironment,
  configuration: unknown,
): AdmissionPlugin {
  const resource = `validatingwebhookconfigurations.${group}`;
  const watched = admission.watched<ValidatingWebhookConfiguration>(resource);
  return validatingWebhooks(
    new Hooks('validating', watched),
    environment(admission, configuration),
  );
}

function environment(admission: AdmissionEnvironment, configuration: unknown): WebhookEnvironment {
  const file = kubeConfigFileOf(configuration);
  const users = file === '' ? anonymous : readWebhookUsers(file);
  const services = (namespace: string, name: string) =>
    admission.present<Service>('services', namespace, name);
  return {
    admission,
    clients: new WebhookClients(users, services),
    metrics: WebhookMetrics.of(admission.metrics),
  };
}

/** What a WebhookAdmissionConfiguration of apiserver.config.k8s.io/v1 names. */
function kubeConfigFileOf(configuration: unknown): string {
  if (configuration === undefined) return '';
  const {
    apiVersion,
    kind,
    kubeConfigFile = '',
    ...others
  } = (configuration ?? {}) as {
    readonly apiVersion?: unknown;
    readonly kind?: unknown;
    readonly kubeConfigFile?: unknown;
  };
  if (apiVersion !== 'apiserver.config.k8s.io/v1' || kind !== 'WebhookAdmissionConfiguration') {
    throw new Error('must be a WebhookAdmissionConfiguration of apiserver.config.k8s.io/v1');
  }
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Error(`${other} is not supported`);
  if (typeof kubeConfigFile !== 'string' || (kubeConfigFile && !isAbsolute(kubeConfigFile))) {
    throw new Error(
      `kubeConfigFile: Invalid value: ${JSON.stringify(kubeConfigFile)}: must be an absolute file path`,
    );
  }
  return kubeConfigFile;
}
