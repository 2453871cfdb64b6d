import assert from 'node:assert/strict';
import { errorText, FieldPath } from '../../machinery/meta/field-error.ts';
import { validateWebhookService, validateWebhookUrl } from './webhook-client.ts';

const at = FieldPath.of('c');
const form = '; desired format: https://host[/path]';

describe('clients of webhooks', () => {
  const urls: [string, string[]][] = [
    ['https://h.example/p', []],
    ['http://h', [`c: Invalid value: "http": 'https' is the only allowed URL scheme${form}`]],
    ['https:///p', [`c: Invalid value: "": host must be specified${form}`]],
    ['https://u@h/', ['c: Invalid value: "u": user information is not permitted in the URL']],
    ['https://h/#f', ['c: Invalid value: "f": fragments are not permitted in the URL']],
    ['https://h/?q', ['c: Invalid value: "q": query parameters are not permitted in the URL']],
    [
      'https://h:x/',
      [
        'c: Required value: url must be a valid URL: parse "https://h:x/": invalid port ":x" ' +
          `after host${form}`,
      ],
    ],
  ];
  for (const [url, expected] of urls) {
    it(`at ${url}`, () => assert.deepEqual(validateWebhookUrl(url, at).map(errorText), expected));
  }

  it('name a service, a port and a path of names', () => {
    const check = (service: object, swapped = false): string[] =>
      validateWebhookService(service, at, { swapped }).map(errorText);
    const good = { namespace: 'n', name: 's', port: 443 };
    assert.deepEqual(check(good), []);
    assert.deepEqual(check({ ...good, path: '/a/b/' }), []);
    assert.deepEqual(check({ ...good, name: '' }), ['c.name: Required value']);
    assert.deepEqual(check({ ...good, name: '' }, true), ['c.namespace: Required value']);
    assert.deepEqual(check({ ...good, path: '//' }), [
      'c.path: Invalid value: "//": segment[0] may not be empty',
    ]);
    assert.deepEqual(check({ ...good, path: '/a//b' }), [
      'c.path: Invalid value: "/a//b": segment[1] may not be empty',
    ]);
    assert.deepEqual(check({ ...good, port: 0 }), [
      'c.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
    ]);
  });
});
