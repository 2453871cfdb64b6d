import assert from 'node:assert/strict';
import { internalDiff, internalForm, internalList } from './internal-form.ts';

describe('internal form', () => {
  it('writes every field, capitalised, in the order of the internal type', () => {
    assert.equal(
      JSON.stringify(internalForm('core/v1.Taint', { effect: 'NoSchedule', key: 'k' })),
      '{"Key":"k","Value":"","Effect":"NoSchedule","TimeAdded":null}',
    );
  });

  it('writes nested values and null for what is absent', () => {
    const form = internalForm('core/v1.Container', {
      name: 'c',
      ports: [{ containerPort: 80, protocol: 'TCP' }],
    });
    assert.deepEqual(form['Ports'], [
      { Name: '', HostPort: 0, ContainerPort: 80, Protocol: 'TCP', HostIP: '' },
    ]);
    assert.equal(form['LivenessProbe'], null);
    assert.deepEqual(form['Resources'], { Limits: null, Requests: null, Claims: null });
  });

  it('puts the host namespaces of pods into the security context', () => {
    const form = internalForm('core/v1.PodSpec', { containers: [], hostNetwork: true });
    const context = form['SecurityContext'] as Record<string, unknown>;
    assert.equal(context['HostNetwork'], true);
    assert.equal('HostNetwork' in form, false);
  });

  it('of a list keeps absent and empty apart', () => {
    assert.equal(internalList('core/v1.Taint', undefined), null);
    assert.deepEqual(internalList('core/v1.Taint', []), []);
  });

  it('shows a difference, characters of HTML escaped', () => {
    const diff = internalDiff(
      'core/v1.Taint',
      { key: 'k', effect: 'a' },
      { key: 'k', value: '<', effect: 'a' },
    );
    assert.deepEqual(diff.split('\n').slice(1, -1), [
      ' {',
      '  "Key": "k",',
      '- "Value": "",',
      '+ "Value": "\\u003c",',
      '  "Effect": "a",',
      '  "TimeAdded": null',
      ' }',
    ]);
  });
});
