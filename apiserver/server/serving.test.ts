/** What the server's flags make of TLS, browsers, versions and time. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkFeatureGates } from '../feature-gates.ts';
import { builtinGroups } from '../registry/groups.ts';
import { frontHeaders } from './front-headers.ts';
import { disabledApis } from './runtime-config.ts';
import { certificateFor, tlsSettings } from './tls-settings.ts';

const none = { tlsCipherSuites: [], tlsCurvePreferences: [] };

describe('tlsSettings', () => {
  it('asks for TLS 1.2 at least', () => {
    assert.deepEqual(tlsSettings(none), { minVersion: 'TLSv1.2' });
    assert.equal(tlsSettings({ ...none, tlsMinVersion: 'VersionTLS13' }).minVersion, 'TLSv1.3');
    assert.throws(() => tlsSettings({ ...none, tlsMinVersion: 'TLS1.3' }), /VersionTLS10/);
  });

  it('knows the ciphers by the names of Go', () => {
    const { ciphers } = tlsSettings({
      ...none,
      tlsCipherSuites: [
        'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
        'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
        'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
        'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
        'TLS_RSA_WITH_AES_256_GCM_SHA384',
        'TLS_AES_128_GCM_SHA256',
      ],
    });
    assert.deepEqual(ciphers?.split(':').slice(3), [
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'ECDHE-ECDSA-AES128-SHA',
      'AES256-GCM-SHA384',
    ]);
    assert.throws(() => tlsSettings({ ...none, tlsCipherSuites: ['TLS_NO_SUCH'] }), {
      message: "--tls-cipher-suites: Cipher suite TLS_NO_SUCH not supported or doesn't exist",
    });
  });

  it('knows curves by their numbers', () => {
    assert.equal(
      tlsSettings({ ...none, tlsCurvePreferences: ['29', '23'] }).ecdhCurve,
      'X25519:P-256',
    );
    assert.throws(() => tlsSettings({ ...none, tlsCurvePreferences: ['1'] }), /one of 23, 24/);
  });
});

describe('certificateFor', () => {
  const context = {} as never;
  const exact = { names: ['a.example.com'], context };
  const star = { names: ['*.example.com'], context };

  it('prefers the name itself to a star, which stands for one label', () => {
    assert.equal(certificateFor('A.example.com', [star, exact]), exact);
    assert.equal(certificateFor('b.example.com', [star, exact]), star);
    assert.equal(certificateFor('a.b.example.com', [star, exact]), undefined);
  });
});

describe('frontHeaders', () => {
  const options = {
    corsAllowedOrigins: ['^https://console\\.example\\.com$'],
    strictTransportSecurityDirectives: ['max-age=60', 'includeSubDomains'],
  };

  function answer(method: string, origin: string) {
    const headers: Record<string, string> = {};
    const sent: number[] = [];
    const response = {
      setHeader: (name: string, value: string) => {
        headers[name] = value;
      },
      writeHead(code: number) {
        sent.push(code);
        return { end() {} };
      },
    } as unknown as ServerResponse;
    const request = { method, headers: { origin } } as unknown as IncomingMessage;
    const ended = frontHeaders(options)!(request, response);
    return { headers, sent, ended };
  }

  it('lets origins that match read answers', () => {
    const { headers, ended } = answer('GET', 'https://console.example.com');
    assert.equal(headers['Access-Control-Allow-Origin'], 'https://console.example.com');
    assert.equal(headers['Strict-Transport-Security'], 'max-age=60; includeSubDomains');
    assert.equal(ended, false);
    assert.deepEqual(Object.keys(answer('GET', 'https://evil.example.com').headers), [
      'Strict-Transport-Security',
    ]);
  });

  it('answers what browsers ask beforehand', () => {
    const { sent, ended } = answer('OPTIONS', 'https://console.example.com');
    assert.deepEqual([sent, ended], [[204], true]);
  });

  it('refuses patterns that would let others in', () => {
    const cors = (text: string) =>
      frontHeaders({ corsAllowedOrigins: [text], strictTransportSecurityDirectives: [] });
    assert.throws(() => cors('example.com'), /pin the start and the end/);
    assert.throws(() => cors('^(https://x$'), /cors-allowed-origins/);
    assert.throws(
      () => frontHeaders({ ...options, strictTransportSecurityDirectives: ['max-age'] }),
      /invalid, allowed values/,
    );
    assert.equal(
      frontHeaders({ corsAllowedOrigins: [], strictTransportSecurityDirectives: [] }),
      undefined,
    );
  });
});

describe('disabledApis', () => {
  const groups = builtinGroups({
    serviceClusterIpRange: '10.0.0.0/24',
    nodePortRange: '30000-32767',
  });

  it('disables versions and single resources', () => {
    const disabled = disabledApis(['apps/v1=false', 'batch/v1/jobs=false'], groups)!;
    assert.equal(disabled('apps', 'v1', 'deployments'), true);
    assert.equal(disabled('batch', 'v1', 'jobs'), true);
    assert.equal(disabled('batch', 'v1', 'cronjobs'), false);
    assert.equal(disabled('batch', 'v1', ''), false);
  });

  it('keeps what is named when everything else is not served', () => {
    const disabled = disabledApis(['api/all=false', 'api/v1=true', 'apps/v1'], groups)!;
    assert.equal(disabled('', 'v1', 'pods'), false);
    assert.equal(disabled('apps', 'v1', 'deployments'), false);
    assert.equal(disabled('batch', 'v1', 'jobs'), true);
  });

  const bad: [string, RegExp][] = [
    ['nowhere.io/v1=true', /unknown api groups nowhere.io/],
    ['apps/v9=true', /it is not there/],
    ['api/beta=true', /no such versions/],
    ['apps/v1=perhaps', /neither true nor false/],
  ];
  for (const [pair, why] of bad) {
    it(`refuses ${pair}`, () => assert.throws(() => disabledApis([pair], groups), why));
  }

  it('is nothing when nothing is asked for', () => {
    assert.equal(disabledApis([], groups), undefined);
  });
});

describe('checkFeatureGates', () => {
  it('takes what is so', () => {
    checkFeatureGates(['WatchList=true', 'kube:SidecarContainers=T', 'AllAlpha=false']);
    checkFeatureGates(['NodeSwap=false', 'NodeSwap=true']);
  });

  const bad: [string, RegExp][] = [
    ['WatchList=false', /WatchList is on here and cannot be turned off/],
    ['CoordinatedLeaderElection=true', /is off here and cannot be turned on/],
    ['AllBeta=true', /AllBeta is off here/],
    ['NoSuchGate=true', /unrecognized feature gate: NoSuchGate/],
    ['WatchList', /neither true nor false/],
  ];
  for (const [pair, why] of bad) {
    it(`refuses ${pair}`, () => assert.throws(() => checkFeatureGates([pair]), why));
  }
});
