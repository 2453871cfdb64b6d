/** The HTTPS listener: TLS, and what connections may take before a request is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { ServerCertificates } from '../pki/server-certificates.ts';
import { followCertificate, type ReloadedCertificate } from './certificate-reload.ts';
import { frontHeaders } from './front-headers.ts';
import type { ServingOptions } from './serving-options.ts';
import {
  type CertificateFiles,
  certificateFor,
  namedCertificate,
  tlsSettings,
} from './tls-settings.ts';
import { mayUpgrade } from './upgrade.ts';

/** How long a client may take to send the headers of a request, or to shake hands. */
const headersTimeoutMs = 32_000;
const handshakeTimeoutMs = 10_000;
/** How long a connection may be idle: longer than clients let theirs be. */
const keepAliveMs = 180_000;
/** How often connections are looked at for these. */
const lookMs = 5_000;
/** How often the files of the certificate are looked at. */
const certificateLookMs = 60_000;
/** What Go's server allows. */
const maxHeaderBytes = 1024 * 1024;

export interface ListenerOptions extends ServingOptions {
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
}

export interface ListenerEnvironment {
  readonly signal: AbortSignal;
  onProblem(what: string, error: unknown): void;
}

/**
 * A server that does not listen yet; until the signal it takes renewed certificates over. Throws an
 * Error with one line for people for bad options.
 */
export function createListener(
  options: ListenerOptions,
  certificates: ServerCertificates,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  env: ListenerEnvironment,
): Server {
  const settings = tlsSettings(options);
  const named = options.tlsSniCertKey.map((flag) => namedCertificate(flag, settings));
  const front = frontHeaders(options);
  const { serving, clientCa, requestHeader } = certificates;
  // Clients choose what they show by this list.
  const believed = () => [clientCa.pem, requestHeader?.clientCa.pem ?? []].flat();
  let secure: SecureContextOptions = {
    ...settings,
    cert: serving.certificate,
    key: serving.key,
    ca: believed(),
  };
  const server = createServer(
    {
      ...secure,
      ...(named.length === 0 ? {} : sni(named)),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMs,
      headersTimeout: headersTimeoutMs,
      // Bodies have the time of their request, and streams all the time they like.
      requestTimeout: 0,
      connectionsCheckingInterval: lookMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      // Anywhere else the header is an offer not taken up.
      shouldUpgradeCallback: mayUpgrade,
    },
    front === undefined
      ? serve
      : (request, response) => {
          if (!front(request, response)) serve(request, response);
        },
  );
  const change = (what: SecureContextOptions) => {
    const next = { ...secure, ...what };
    server.setSecureContext(next);
    secure = next;
  };
  clientCa.onChange(() => change({ ca: believed() }));
  requestHeader?.clientCa.onChange(() => change({ ca: believed() }));
  const follow = (files: CertificateFiles, use: ReloadedCertificate['use']) => {
    const onProblem = (e: unknown) => env.onProblem('a serving certificate stands as it was', e);
    void followCertificate({ ...files, everyMs: certificateLookMs, use, onProblem }, env.signal);
  };
  const { tlsCertFile: certFile, tlsPrivateKeyFile: keyFile } = options;
  if (certFile !== undefined && keyFile !== undefined) {
    follow({ certFile, keyFile, cert: serving.certificate }, change);
  }
  options.tlsSniCertKey.forEach((flag, i) => {
    follow(named[i]!, () => {
      named[i] = namedCertificate(flag, settings);
    });
  });
  return server;
}

function sni(named: ReturnType<typeof namedCertificate>[]): ServerOptions {
  return {
    // Without a context the default certificate is shown.
    SNICallback: (name, answer) => answer(null, certificateFor(name, named)?.context),
  };
}
