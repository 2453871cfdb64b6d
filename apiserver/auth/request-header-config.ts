/** The front proxies that a server's flags name. */
import { readFileSync } from 'node:fs';
import type { RequestHeaderConfig } from '../bootstrap/authentication-config.ts';
import { pemCertificates } from '../pki/pem.ts';
import { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import type { AuthOptions } from './auth-options.ts';

/** Undefined without `--requestheader-client-ca-file`. Throws an Error that names the flag. */
export function requestHeaderConfig(o: AuthOptions): RequestHeaderConfig | undefined {
  const lists: Readonly<Record<string, readonly string[]>> = {
    'username-headers': o.requestheaderUsernameHeaders,
    'group-headers': o.requestheaderGroupHeaders,
    'extra-headers-prefix': o.requestheaderExtraHeadersPrefix,
    'allowed-names': o.requestheaderAllowedNames,
    'uid-headers': o.requestheaderUidHeaders,
  };
  for (const [flag, values] of Object.entries(lists)) {
    if (values.some((v) => v.trim() === ''))
      throw new Error(`empty value in "requestheader-${flag}"`);
  }
  const uids = o.requestheaderUidHeaders;
  if (uids.length > 0 && !uids.some((h) => h.toLowerCase() === 'x-remote-uid')) {
    throw new Error(
      '--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header - API aggregation will not work',
    );
  }
  if (o.requestheaderClientCaFile === undefined) return undefined;
  const clientCa = authorities('--requestheader-client-ca-file', o.requestheaderClientCaFile);
  if (o.clientCaFile !== undefined && o.requestheaderAllowedNames.length === 0) {
    const shared = certificatesOf(authorities('--client-ca-file', o.clientCaFile));
    if (certificatesOf(clientCa).some((pem) => shared.includes(pem))) {
      throw new Error(
        '--requestheader-client-ca-file and --client-ca-file contain overlapping certificates; --requestheader-allowed-names must be specified to ensure regular client certificates cannot set authenticating proxy headers for arbitrary users',
      );
    }
  }
  return {
    clientCa: new TrustedAuthorities(clientCa),
    allowedNames: o.requestheaderAllowedNames,
    usernameHeaders: o.requestheaderUsernameHeaders,
    uidHeaders: uids,
    groupHeaders: o.requestheaderGroupHeaders,
    extraHeaderPrefixes: o.requestheaderExtraHeadersPrefix,
  };
}

function authorities(flag: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (e) {
    throw new Error(`${flag}: cannot read: ${(e as Error).message}`);
  }
  if (certificatesOf(text).length > 0) return text;
  throw new Error(`${flag}: ${file} holds no certificate: expected PEM`);
}

/** Each without white space, so that equal ones have equal texts. */
function certificatesOf(pem: string): string[] {
  return pemCertificates(pem).map((block) => block.replaceAll(/\s/g, ''));
}
