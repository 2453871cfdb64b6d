/**
 * AuthorizationConfiguration of apiserver.config.k8s.io/v1: the authorizers in order, several
 * webhooks among them; flags amount to the same.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import * as fe from '../../machinery/meta/field-error.ts';
import { isDns1123Subdomain } from '../../machinery/meta/names.ts';
import { formatDuration } from '../../machinery/meta/times.ts';
import { expressionErrors } from '../cel/expression-validation.ts';
import { readDocument } from '../configuration/document.ts';
import { duration, flag, list, object, type Read, text } from '../configuration/shape.ts';
import { compileAccessCondition } from './access-conditions.ts';
import type { AuthOptions } from './auth-options.ts';

const webhook = object({
  authorizedTTL: duration,
  cacheAuthorizedRequests: flag,
  unauthorizedTTL: duration,
  cacheUnauthorizedRequests: flag,
  timeout: duration,
  subjectAccessReviewVersion: text,
  matchConditionSubjectAccessReviewVersion: text,
  failurePolicy: text,
  connectionInfo: object({ type: text, kubeConfigFile: text }),
  matchConditions: list(object({ expression: text })),
});

const fields = { authorizers: list(object({ type: text, name: text, webhook })) };
const whole = object(fields);

/** What one webhook is asked, and how long its answers hold (milliseconds). */
export type WebhookConfiguration = Read<typeof webhook>;
/** One authorizer; `authorizers` stand in the order they are asked. */
export type AuthorizerConfiguration = NonNullable<Read<typeof whole>['authorizers']>[number];

const modes = ['ABAC', 'AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC', 'Webhook'];
const maxTimeoutMs = 30_000;
const maxConditions = 64;
const at = fe.FieldPath.of('authorizers');

/** By the file or the flags, which exclude each other. Throws an Error of one line. */
export function authorizersOf(o: AuthOptions): readonly AuthorizerConfiguration[] {
  if (o.authorizationConfig === undefined) return authorizersOfFlags(o);
  const flags = [
    o.authorizationMode,
    o.authorizationWebhookConfigFile,
    o.authorizationWebhookVersion,
    o.authorizationWebhookCacheAuthorizedTtl,
    o.authorizationWebhookCacheUnauthorizedTtl,
  ];
  if (flags.some((value) => value !== undefined)) {
    throw new Error(
      '--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined',
    );
  }
  try {
    return parseAuthorizers(readFileSync(o.authorizationConfig));
  } catch (e) {
    throw new Error(`--authorization-config ${o.authorizationConfig}: ${(e as Error).message}`);
  }
}

/** Reads and checks a document. Throws an Error of one line. */
export function parseAuthorizers(bytes: Uint8Array): readonly AuthorizerConfiguration[] {
  const { authorizers = [] } = readDocument(bytes, 'AuthorizationConfiguration', fields);
  const complete = authorizers.map((a) => (a.webhook === undefined ? a : withDefaults(a)));
  const errors = validate(complete);
  if (errors.length > 0) throw new Error(fe.summarize(errors));
  for (const { type = '', name } of complete) {
    if (type === 'Webhook' || name === type.toLowerCase()) continue;
    throw new Error(
      `expected name ${type.toLowerCase()} for authorizer ${type} instead of ${name}`,
    );
  }
  return complete;
}

function withDefaults({
  webhook: given,
  ...rest
}: AuthorizerConfiguration): AuthorizerConfiguration {
  const held = {
    ...given,
    // 0 counts as nothing said.
    authorizedTTL: given?.authorizedTTL || 300_000,
    unauthorizedTTL: given?.unauthorizedTTL || 30_000,
  };
  return { ...rest, webhook: held };
}

function authorizersOfFlags(o: AuthOptions): readonly AuthorizerConfiguration[] {
  const given = o.authorizationMode ?? ['Node', 'RBAC'];
  if (given.length === 0) throw new Error('at least one authorization-mode must be passed');
  const unknown = given.find((mode) => !modes.includes(mode));
  if (unknown !== undefined) {
    throw new Error(`authorization-mode ${fe.quote(unknown)} is not a valid mode`);
  }
  if (new Set(given).size < given.length) {
    throw new Error(
      `authorization-mode [${given.map(fe.quote).join(' ')}] has mode specified more than once`,
    );
  }
  checkFile(given, 'ABAC', 'policy', o.authorizationPolicyFile, 'authorization-policy-file');
  const kubeConfigFile = o.authorizationWebhookConfigFile;
  checkFile(given, 'Webhook', 'config', kubeConfigFile, 'authorization-webhook-config-file');
  return given.map((type) => ({
    type,
    name: type === 'Webhook' ? 'default' : type.toLowerCase(),
    ...(type === 'Webhook' ? { webhook: webhookOfFlags(o, kubeConfigFile!) } : {}),
  }));
}

function checkFile(
  given: readonly string[],
  mode: string,
  what: string,
  file: string | undefined,
  name: string,
): void {
  const on = given.includes(mode);
  if (on && file === undefined) {
    throw new Error(`authorization-mode ${mode}'s authorization ${what} file not passed`);
  }
  if (!on && file !== undefined) throw new Error(`cannot specify --${name} without mode ${mode}`);
}

function webhookOfFlags(o: AuthOptions, kubeConfigFile: string): WebhookConfiguration {
  const authorizedTTL = o.authorizationWebhookCacheAuthorizedTtl ?? 300_000;
  const unauthorizedTTL = o.authorizationWebhookCacheUnauthorizedTtl ?? 30_000;
  return {
    authorizedTTL,
    cacheAuthorizedRequests: authorizedTTL > 0,
    unauthorizedTTL,
    cacheUnauthorizedRequests: unauthorizedTTL > 0,
    timeout: maxTimeoutMs,
    failurePolicy: 'NoOpinion',
    subjectAccessReviewVersion: o.authorizationWebhookVersion ?? 'v1beta1',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
  };
}

function validate(authorizers: readonly AuthorizerConfiguration[]): fe.FieldError[] {
  if (authorizers.length === 0) {
    return [fe.required(at, 'at least one authorization mode must be defined')];
  }
  const errors: fe.FieldError[] = [];
  const types = new Set<string>();
  const names = new Set<string>();
  authorizers.forEach(({ type = '', name = '', webhook: hook }, i) => {
    const here = at.index(i);
    if (type === '') errors.push(fe.required(here.child('type')));
    else if (!modes.includes(type)) errors.push(fe.notSupported(here.child('type'), type, modes));
    else if (types.has(type) && type !== 'Webhook') {
      errors.push(fe.duplicate(here.child('type'), type));
    } else {
      types.add(type);
      errors.push(...validateName(name, names, here.child('name')));
      names.add(name);
      if (type === 'Webhook') {
        if (hook !== undefined) errors.push(...validateWebhook(hook, here));
        else errors.push(fe.required(here.child('webhook'), 'required when type=Webhook'));
      } else if (hook !== undefined) {
        const text = 'may only be specified when type=Webhook';
        errors.push(fe.invalidValue(here.child('webhook'), 'non-null', text));
      }
    }
  });
  return errors;
}

function validateName(
  name: string,
  names: ReadonlySet<string>,
  here: fe.FieldPath,
): fe.FieldError[] {
  if (name === '') return [fe.required(here)];
  if (names.has(name)) return [fe.duplicate(here, name)];
  const problems = isDns1123Subdomain(name);
  if (problems.length === 0) return [];
  return [fe.invalidValue(here, name, `authorizer name is invalid: ${problems.join(', ')}`)];
}

function validateWebhook(hook: WebhookConfiguration, here: fe.FieldPath): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const { timeout = 0, authorizedTTL = 0, unauthorizedTTL = 0 } = hook;
  if (timeout === 0) errors.push(fe.required(here.child('timeout')));
  else if (timeout < 0 || timeout > maxTimeoutMs) {
    const shown = formatDuration(timeout);
    errors.push(fe.invalidValue(here.child('timeout'), shown, 'must be > 0s and <= 30s'));
  }
  for (const [name, value] of Object.entries({ authorizedTTL, unauthorizedTTL })) {
    if (value >= 0) continue;
    errors.push(fe.invalidValue(here.child(name), formatDuration(value), 'must be > 0s'));
  }
  errors.push(
    ...oneOf(
      hook.subjectAccessReviewVersion,
      ['v1', 'v1beta1'],
      here.child('subjectAccessReviewVersion'),
    ),
    ...validateConditionVersion(hook, here.child('matchConditionSubjectAccessReviewVersion')),
    ...oneOf(hook.failurePolicy, ['NoOpinion', 'Deny'], here.child('failurePolicy')),
  );
  const { type, kubeConfigFile = '' } = hook.connectionInfo ?? {};
  const connection = here.child('connectionInfo');
  // Only the real server's own kind of configuration knows `InClusterConfig`; it cannot use it.
  errors.push(...oneOf(type, ['KubeConfigFile'], connection.child('type')));
  if (type === 'KubeConfigFile') {
    errors.push(...validateFile(kubeConfigFile, connection.child('kubeConfigFile')));
  }
  return [...errors, ...validateConditions(hook.matchConditions ?? [], here)];
}

function validateConditions(
  conditions: NonNullable<WebhookConfiguration['matchConditions']>,
  here: fe.FieldPath,
): fe.FieldError[] {
  const place = here.child('matchConditions');
  if (conditions.length > maxConditions) {
    return [fe.tooMany(place, conditions.length, maxConditions)];
  }
  const seen = new Set<string>();
  return conditions.flatMap(({ expression = '' }, i) => {
    const at = place.index(i).child('expression');
    if (expression.trim() === '') return [fe.required(at)];
    if (seen.has(expression)) return [fe.duplicate(at, expression)];
    seen.add(expression);
    return expressionErrors(compileAccessCondition(expression), expression, at);
  });
}

function validateConditionVersion(
  {
    matchConditions = [],
    matchConditionSubjectAccessReviewVersion: version = '',
  }: WebhookConfiguration,
  at: fe.FieldPath,
): fe.FieldError[] {
  if (version === '') {
    if (matchConditions.length === 0) return [];
    return [fe.required(at, 'required if match conditions are specified')];
  }
  return version === 'v1' ? [] : [fe.notSupported(at, version, ['v1'])];
}

function oneOf(value = '', known: string[], here: fe.FieldPath): fe.FieldError[] {
  if (value === '') return [fe.required(here)];
  return known.includes(value) ? [] : [fe.notSupported(here, value, known)];
}

function validateFile(file: string, here: fe.FieldPath): fe.FieldError[] {
  if (file === '') return [fe.required(here)];
  if (!isAbsolute(file)) return [fe.invalidValue(here, file, 'must be an absolute path')];
  try {
    if (statSync(file).isFile()) return [];
    return [fe.invalidValue(here, file, 'must be a regular file')];
  } catch (e) {
    return [fe.invalidValue(here, file, `error loading file: ${(e as Error).message}`)];
  }
}
