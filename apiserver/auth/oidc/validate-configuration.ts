/** Rules of AuthenticationConfiguration (k8s.io/apiserver/pkg/apis/apiserver/validation). */
import { X509Certificate } from 'node:crypto';
import * as fe from '../../../machinery/meta/field-error.ts';
import { pemCertificates } from '../../pki/pem.ts';
import type {
  AuthenticationConfiguration,
  JwtConfiguration,
} from './authentication-configuration.ts';
import { validateClaims } from './validate-expressions.ts';

type Issuer = NonNullable<JwtConfiguration['issuer']>;

const maxIssuers = 64;

/** `disallowedIssuers`: whose tokens the server itself makes. */
export function validateAuthenticationConfiguration(
  { jwt = [], anonymous }: AuthenticationConfiguration,
  disallowedIssuers: readonly string[],
): fe.FieldError[] {
  const root = fe.FieldPath.of('jwt');
  if (jwt.length > maxIssuers) return [fe.tooMany(root, jwt.length, maxIssuers)];
  const errors: fe.FieldError[] = [];
  const urls = new Set<string>();
  const discoveryUrls = new Set<string>();
  jwt.forEach((one, i) => {
    const at = root.index(i);
    errors.push(...validateJwt(one, at, disallowedIssuers));
    const { url = '', discoveryURL = '' } = one.issuer ?? {};
    if (urls.has(url)) errors.push(fe.duplicate(at.child('issuer').child('url'), url));
    urls.add(url);
    if (discoveryURL === '') return;
    if (discoveryUrls.has(discoveryURL)) {
      errors.push(fe.duplicate(at.child('issuer').child('discoveryURL'), discoveryURL));
    }
    discoveryUrls.add(discoveryURL);
  });
  const conditions = anonymous?.conditions ?? [];
  if (anonymous !== undefined && anonymous.enabled !== true && conditions.length > 0) {
    const text = 'enabled should be set to true when conditions are defined';
    errors.push(fe.invalidValue(fe.FieldPath.of('anonymous', 'conditions'), conditions, text));
  }
  return errors;
}

function validateJwt(
  jwt: JwtConfiguration,
  at: fe.FieldPath,
  disallowed: readonly string[],
): fe.FieldError[] {
  return [
    ...validateIssuer(jwt.issuer ?? {}, at.child('issuer'), disallowed),
    ...validateClaims(jwt, at),
  ];
}

function validateIssuer(
  issuer: Issuer,
  at: fe.FieldPath,
  disallowed: readonly string[],
): fe.FieldError[] {
  const { url = '', discoveryURL = '', certificateAuthority = '', egressSelectorType } = issuer;
  const errors: fe.FieldError[] = [];
  if (url === '') errors.push(fe.required(at.child('url')));
  else errors.push(...validateUrl(url, at.child('url'), disallowed));
  if (discoveryURL !== '') {
    const here = at.child('discoveryURL');
    if (url !== '' && trimmed(url) === trimmed(discoveryURL)) {
      errors.push(fe.invalidValue(here, discoveryURL, 'discoveryURL must be different from URL'));
    }
    errors.push(...validateUrl(discoveryURL, here, []));
  }
  errors.push(...validateAudiences(issuer, at));
  if (certificateAuthority !== '' && !areCertificates(certificateAuthority)) {
    const text = 'data does not contain any valid RSA or ECDSA certificates';
    errors.push(fe.invalidValue(at.child('certificateAuthority'), '<omitted>', text));
  }
  if (egressSelectorType !== undefined && egressSelectorType !== '') {
    const text = 'egress selectors are not supported by this server';
    errors.push(fe.forbiddenField(at.child('egressSelectorType'), text));
  }
  return errors;
}

function validateUrl(
  url: string,
  at: fe.FieldPath,
  disallowed: readonly string[],
): fe.FieldError[] {
  const errors: fe.FieldError[] = [];
  const refuse = (text: string) => errors.push(fe.invalidValue(at, url, text));
  if (disallowed.includes(url)) {
    const names = [...disallowed].sort().join(' ');
    refuse(`URL must not overlap with disallowed issuers: [${names}]`);
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:') refuse('URL scheme must be https');
  if (parsed === undefined) return errors;
  if (parsed.username !== '' || parsed.password !== '') {
    refuse('URL must not contain a username or password');
  }
  if (parsed.search !== '') refuse('URL must not contain a query');
  if (parsed.hash !== '') refuse('URL must not contain a fragment');
  return errors;
}

function validateAudiences(issuer: Issuer, at: fe.FieldPath): fe.FieldError[] {
  const { audiences = [], audienceMatchPolicy: policy = '' } = issuer;
  const here = at.child('audiences');
  if (audiences.length === 0) return [fe.required(here, `at least one ${here} is required`)];
  const errors = audiences.flatMap((audience, i) => {
    if (audience === '') return [fe.required(here.index(i))];
    return audiences.indexOf(audience) < i ? [fe.duplicate(here.index(i), audience)] : [];
  });
  const policyAt = at.child('audienceMatchPolicy');
  if (audiences.length > 1 && policy !== 'MatchAny') {
    const text = 'audienceMatchPolicy must be MatchAny for multiple audiences';
    errors.push(fe.invalidValue(policyAt, policy, text));
  }
  if (audiences.length === 1 && policy !== '' && policy !== 'MatchAny') {
    const text = 'audienceMatchPolicy must be empty or MatchAny for single audience';
    errors.push(fe.invalidValue(policyAt, policy, text));
  }
  return errors;
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}

function areCertificates(pem: string): boolean {
  const blocks = pemCertificates(pem);
  try {
    for (const block of blocks) new X509Certificate(block);
    return blocks.length > 0;
  } catch {
    return false;
  }
}
