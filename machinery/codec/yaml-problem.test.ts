/** Texts of the real server for bodies that are no YAML. */
import assert from 'node:assert/strict';
import { JsonSyntaxError } from './json-text.ts';
import { decodeYaml } from './yaml.ts';

describe('what is wrong with a text that is no YAML', () => {
  const cases: [text: string, message: string][] = [
    ['a: [', 'yaml: line 1: did not find expected node content'],
    ['a: [\n', 'yaml: line 1: did not find expected node content'],
    ['\na: [', 'yaml: line 2: did not find expected node content'],
    ['x: 1\na: [\n', 'yaml: line 2: did not find expected node content'],
    ['a: {', 'yaml: line 1: did not find expected node content'],
    ['a: {\n', 'yaml: line 1: did not find expected node content'],
    ['x: 1\na: {b: c\n', "yaml: line 2: did not find expected ',' or '}'"],
    ['a: b: c', 'yaml: mapping values are not allowed in this context'],
    ['x: 1\na: b: c\n', 'yaml: line 2: mapping values are not allowed in this context'],
    ['\ta: b', 'yaml: found character that cannot start any token'],
    ['x: 1\n\ta: b\n', 'yaml: line 2: found a tab character that violates indentation'],
    ['x:\n\ta: b\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: "b', 'yaml: found unexpected end of stream'],
    ['a: "b\n', 'yaml: line 2: found unexpected end of stream'],
    ['x: 1\na: "b\n', 'yaml: line 3: found unexpected end of stream'],
    ["a: 'b", 'yaml: found unexpected end of stream'],
    ['a: b\n c: d\n', 'yaml: line 2: mapping values are not allowed in this context'],
    ['a:\n  b: c\n d: e\n', 'yaml: line 2: did not find expected key'],
    ['a: b\n  c: d', 'yaml: line 2: mapping values are not allowed in this context'],
    ['- a\nb: c\n', "yaml: line 1: did not find expected '-' indicator"],
    ['a: b\n- c\n', 'yaml: line 1: did not find expected key'],
    ['a: @b', 'yaml: found character that cannot start any token'],
    ['x: 1\na: @b\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: `b', 'yaml: found character that cannot start any token'],
    ['a: %b', 'yaml: found character that cannot start any token'],
    ['%FOO\na: b', 'yaml: found unknown directive name'],
    ['a: &', 'yaml: did not find expected alphabetic or numeric character'],
    ['a: ]', 'yaml: did not find expected node content'],
    ['x: 1\na: ]\n', 'yaml: line 1: did not find expected node content'],
    ['a: }', 'yaml: did not find expected node content'],
    ['a: |\nb', "yaml: line 3: could not find expected ':'"],
    ['a: >x\n b', 'yaml: did not find expected comment or line break'],
    ['a: [b, c', "yaml: line 1: did not find expected ',' or ']'"],
    ['a: [b c]\nd: e\nf', "yaml: line 4: could not find expected ':'"],
    ['a\nb: c\n', 'yaml: line 2: mapping values are not allowed in this context'],
    ['a: b\nc\n', "yaml: line 3: could not find expected ':'"],
    ['a: b\nc\nd: e\n', "yaml: line 3: could not find expected ':'"],
    ['"a": b\n"c', 'yaml: line 2: found unexpected end of stream'],
    ['a: [b,,c]', 'yaml: did not find expected node content'],
    ['a: "\\z"', 'yaml: found unknown escape character'],
    ['a: "\\x4"', 'yaml: did not find expected hexdecimal number'],
    ['a: b # c\n #d\n  e: f\n', 'yaml: line 2: did not find expected key'],
    ['{"a": b', "yaml: line 1: did not find expected ',' or '}'"],
    ['{"a": "b"]', "yaml: did not find expected ',' or '}'"],
    ['[a', "yaml: line 1: did not find expected ',' or ']'"],
    ['{a', "yaml: line 1: did not find expected ',' or '}'"],
    ['{', 'yaml: line 1: did not find expected node content'],
    ['[', 'yaml: line 1: did not find expected node content'],
    ['}', 'yaml: did not find expected node content'],
    [']', 'yaml: did not find expected node content'],
    [',', 'yaml: did not find expected node content'],
    ['?', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>'],
    ['&', 'yaml: did not find expected alphabetic or numeric character'],
    ['*', 'yaml: did not find expected alphabetic or numeric character'],
    ['"', 'yaml: found unexpected end of stream'],
    ["'", 'yaml: found unexpected end of stream'],
    ['@', 'yaml: found character that cannot start any token'],
    ['`', 'yaml: found character that cannot start any token'],
    ['a: - b', 'yaml: block sequence entries are not allowed in this context'],
    ['a: ? b', 'yaml: mapping keys are not allowed in this context'],
    ['a: b\r\nc: [\r\n', 'yaml: line 2: did not find expected node content'],
    ['\u0001', 'yaml: control characters are not allowed'],
    ['a: \u0001', 'yaml: control characters are not allowed'],
    ['a: \u007f', 'yaml: control characters are not allowed'],
    ['\ufeffa: [', 'yaml: line 1: did not find expected node content'],
    ['k: "a\nb\n', 'yaml: line 3: found unexpected end of stream'],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n x: y\n',
      'yaml: line 6: did not find expected key',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {a: b\ndata:\n  k: v\n',
      "yaml: line 5: did not find expected ',' or '}'",
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: "v\n',
      'yaml: line 7: found unexpected end of stream',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n\tk: v\n',
      'yaml: line 6: found character that cannot start any token',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v: w\n',
      'yaml: line 6: mapping values are not allowed in this context',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  - k: v\n  j: k\n',
      "yaml: line 6: did not find expected '-' indicator",
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k v\n  j: k\n',
      'yaml: line 7: mapping values are not allowed in this context',
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\nname: a\n  labels:\n    a: b\n',
      'yaml: line 5: mapping values are not allowed in this context',
    ],
  ];
  for (const [text, message] of cases) {
    it(JSON.stringify(text), () => {
      assert.throws(
        () => decodeYaml(Buffer.from(text)),
        (e) => e instanceof JsonSyntaxError && assert.equal(e.message, message) === undefined,
      );
    });
  }
});
