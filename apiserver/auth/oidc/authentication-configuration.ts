/**
 * AuthenticationConfiguration of apiserver.config.k8s.io/v1: issuers of JWTs whose users are let
 * in, and where anonymous requests are.
 */
import { readDocument } from '../../configuration/document.ts';
import { flag, list, object, type Read, text } from '../../configuration/shape.ts';

const prefixedClaim = object({ claim: text, prefix: text, expression: text });

const jwt = object({
  issuer: object({
    url: text,
    discoveryURL: text,
    certificateAuthority: text,
    audiences: list(text),
    audienceMatchPolicy: text,
    egressSelectorType: text,
  }),
  claimValidationRules: list(
    object({ claim: text, requiredValue: text, expression: text, message: text }),
  ),
  claimMappings: object({
    username: prefixedClaim,
    groups: prefixedClaim,
    uid: object({ claim: text, expression: text }),
    extra: list(object({ key: text, valueExpression: text })),
  }),
  userValidationRules: list(object({ expression: text, message: text })),
});

const fields = {
  jwt: list(jwt),
  anonymous: object({ enabled: flag, conditions: list(object({ path: text })) }),
};

const whole = object(fields);

/** As it is written; `validateAuthenticationConfiguration` tells what may not be. */
export type AuthenticationConfiguration = Omit<Read<typeof whole>, 'kind' | 'apiVersion'>;
/** One issuer. */
export type JwtConfiguration = Read<typeof jwt>;

/** Throws an Error of one line for a document that is none. */
export function parseAuthenticationConfiguration(bytes: Uint8Array): AuthenticationConfiguration {
  return readDocument(bytes, 'AuthenticationConfiguration', fields);
}
