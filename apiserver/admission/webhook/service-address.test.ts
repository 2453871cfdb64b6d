import assert from 'node:assert/strict';
import type { Service } from '../../../machinery/schema/wire.ts';
import { serviceAddress } from './service-address.ts';
import { encodePath } from './webhook-clients.ts';

describe('addresses of webhooks', () => {
  const ports = [{ port: 443 }, { port: 8443 }];
  const service = (spec: Service['spec']): Service => ({ spec: { ports, ...spec } });
  const cases: [string, Service | undefined, number, string][] = [
    ['cluster IP', service({ type: 'ClusterIP', clusterIP: '10.0.0.7' }), 443, '10.0.0.7:443'],
    ['node port', service({ type: 'NodePort', clusterIP: '10.0.0.7' }), 8443, '10.0.0.7:8443'],
    ['name', service({ type: 'ExternalName', externalName: 'a.b' }), 9, 'a.b:9'],
    ['nothing', undefined, 443, 'service "s" not found'],
    [
      'no address',
      service({ type: 'ClusterIP', clusterIP: 'None' }),
      443,
      'cannot route to service with ClusterIP "None"',
    ],
    [
      'no such port',
      service({ type: 'ClusterIP', clusterIP: '10.0.0.7' }),
      1,
      'no service port 1 found for service "s"',
    ],
    ['another type', service({ type: 'Odd' }), 443, 'unsupported service type "Odd"'],
  ];
  for (const [name, given, port, expected] of cases) {
    it(`of a service with ${name}`, () => {
      let found: string;
      try {
        const { host, port: p } = serviceAddress(given, 's', port);
        found = `${host}:${p}`;
      } catch (e) {
        found = (e as Error).message;
      }
      assert.equal(found, expected);
    });
  }

  it('have paths without empty segments, encoded', () => {
    assert.equal(encodePath(''), '/');
    assert.equal(encodePath('/allow/'), '/allow');
    assert.equal(encodePath('/al low//x'), '/al%20low/x');
    assert.equal(encodePath("/a/../b/c@d:e'f"), '/b/c@d:e%27f');
  });
});
