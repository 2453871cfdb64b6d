import assert from 'node:assert/strict';
import type { Secret } from '../../machinery/schema/wire.ts';
import { keyringOf, lookupAuth } from './credentials.ts';
import { parseImage, withDefaultTag } from './image-name.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('image names', () => {
  const good: [image: string, repository: string, asked: string][] = [
    ['busybox', 'docker.io/library/busybox', 'busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox', 'busybox:1.36'],
    ['a/b', 'docker.io/a/b', 'a/b:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox', 'docker.io/busybox:latest'],
    ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause', 'registry.k8s.io/pause:3.10'],
    ['localhost/x', 'localhost/x', 'localhost/x:latest'],
    ['host:5000/x', 'host:5000/x', 'host:5000/x:latest'],
    ['host:5000/x/y:tag', 'host:5000/x/y', 'host:5000/x/y:tag'],
    [`x@${digest}`, 'docker.io/library/x', `x@${digest}`],
    [`x:1@${digest}`, 'docker.io/library/x', `x:1@${digest}`],
    ['a--b/c_d/e.f', 'docker.io/a--b/c_d/e.f', 'a--b/c_d/e.f:latest'],
  ];
  for (const [image, repository, asked] of good) {
    it(image, () => {
      assert.equal(parseImage(image).repository, repository);
      assert.equal(withDefaultTag(image), asked);
    });
  }
  const bad: [image: string, why: RegExp][] = [
    ['', /invalid reference format/],
    ['Busybox', /repository name must be lowercase/],
    ['a b', /invalid reference format/],
    ['a:', /invalid reference format/],
    ['a@sha256:12', /invalid reference format/],
    ['/a', /invalid reference format/],
    ['a'.repeat(64), /cannot specify 64-byte hexadecimal strings/],
    [`x/${'b'.repeat(300)}`, /must not be more than 255 characters/],
  ];
  for (const [image, why] of bad) {
    it(`refuses ${image.slice(0, 20)}`, () => assert.throws(() => parseImage(image), why));
  }
});

describe('registry credentials', () => {
  const encode = (value: object | string): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
  const secret = (auths: Record<string, object>): Secret => ({
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': encode({ auths }) },
  });
  const entry = (name: string): object => ({ auth: encode(`${name}:pw`) });

  const cases: [
    what: string,
    auths: Record<string, object>,
    repository: string,
    users: string[],
  ][] = [
    ['the registry', { 'r.io': entry('a') }, 'r.io/x', ['a']],
    ['another registry', { 'r.io': entry('a') }, 's.io/x', []],
    ['a URL', { 'https://r.io/v1/': entry('a') }, 'r.io/x', ['a']],
    [
      'the longest path first',
      { 'r.io': entry('a'), 'r.io/x': entry('b') },
      'r.io/x/y',
      ['b', 'a'],
    ],
    ['a pattern', { '*.r.io': entry('a') }, 'eu.r.io/x', ['a']],
    ['a pattern covers one level', { '*.r.io': entry('a') }, 'a.eu.r.io/x', []],
    ['ports must agree', { 'r.io:5000': entry('a') }, 'r.io/x', []],
    ['Docker’s own', { 'https://index.docker.io/v1/': entry('a') }, 'docker.io/library/x', ['a']],
    ['user and password in clear', { 'r.io': { username: 'a', password: 'p' } }, 'r.io/x', ['a']],
  ];
  for (const [what, auths, repository, users] of cases) {
    it(what, () => {
      const found = lookupAuth(keyringOf([secret(auths)]), repository);
      assert.deepEqual(
        found.map((f) => f.username),
        users,
      );
    });
  }

  it('reads the older form, and the node’s own', () => {
    const old: Secret = {
      type: 'kubernetes.io/dockercfg',
      data: { '.dockercfg': encode({ 'r.io': entry('a') }) },
    };
    const ring = keyringOf([old], { 's.io': { username: 'n', password: 'p' } });
    assert.deepEqual(lookupAuth(ring, 'r.io/x'), [{ username: 'a', password: 'pw' }]);
    assert.deepEqual(lookupAuth(ring, 's.io/x'), [{ username: 'n', password: 'p' }]);
  });
});
