/** Descriptions out of packages: all types have some, with what was done to them undone. */
import assert from 'node:assert/strict';
import { structType } from '../../machinery/schema/schema.ts';
import { documented, fieldDescription } from './descriptions.ts';

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

describe('descriptions', () => {
  const types = [
    'core/v1.PodSpec',
    'apps/v1.Deployment',
    'rbac/v1.RoleBinding',
    'meta/v1.ObjectMeta',
    'flowcontrol/v1.FlowSchemaSpec',
    'apiextensions/v1.CustomResourceDefinitionSpec',
    'apiregistration/v1.APIServiceSpec',
    'resource/v1.DeviceTaint',
  ];
  for (const type of types) {
    it(`of all fields of ${type}`, () => {
      const { description, fields } = documented(type);
      assert.match(description, /\S/);
      const without = structType(type).fields.filter((f) => (fields.get(f.name) ?? '') === '');
      assert.deepEqual(
        without.map((f) => f.name),
        [],
      );
    });
  }

  it('of fields that hold a struct', () => {
    assert.match(fieldDescription('core/v1.Pod.spec'), /^Specification of the desired behavior/);
  });

  it('of kind and apiVersion', () => {
    assert.match(fieldDescription('core/v1.Pod.kind'), /^Kind is a string value/);
  });

  it('of types named as OpenAPI does', () => {
    assert.match(documented(`${meta}.Time`).description, /^Time is a wrapper/);
  });

  it('of types that are no longer served', () => {
    const spec = 'io.k8s.api.certificates.v1beta1.CertificateSigningRequestSpec';
    assert.equal(fieldDescription(`${spec}.request`), 'Base64-encoded PKCS#10 CSR data');
  });

  it('are empty for what nobody knows', () => {
    assert.equal(documented(`${meta}.Nothing`).description, '');
    assert.equal(documented('com.example.v1.Thing').description, '');
    assert.equal(fieldDescription('core/v1.Pod.nothing'), '');
  });

  it('keep line breaks and stars', () => {
    const text = documented('core/v1.ServicePort').fields.get('appProtocol')!;
    assert.match(text, /:\n\n\* Un-prefixed .*\n {2}\* 'kubernetes\.io\/h2c'/s);
    assert.doesNotMatch(text, /\\/);
  });

  it('end with the values of a closed set, in columns without them', () => {
    const values = /\n\nPossible enum values:\n - `"SCTP"` is the SCTP protocol\.\n/;
    assert.match(documented('core/v1.ServicePort').fields.get('protocol')!, values);
    assert.doesNotMatch(fieldDescription('core/v1.ServicePort.protocol'), /Possible/);
  });

  it('say nothing of the package, such as that a thing is deprecated', () => {
    assert.doesNotMatch(documented('core/v1.ComponentStatus').description, /@deprecated/);
  });
});
