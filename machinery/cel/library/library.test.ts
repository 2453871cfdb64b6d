import assert from 'node:assert/strict';
import { Issues } from '../issues.ts';
import { activation } from '../program.ts';
import { CelError, formatValue } from '../values.ts';
import { type AccessQuestion, AuthorizerValue, authorizerType } from './authorizer.ts';
import { kubernetesEstimator } from './estimated-costs.ts';
import { jsonPatchLibrary } from './json-patch.ts';
import { kubernetesEnvironment } from './kubernetes.ts';

/** An expression, what it comes to, and what it costs. */
type Case = readonly [text: string, shown: string, cost?: number];

function evaluate(text: string): { shown: string; cost: number } {
  const environment = kubernetesEnvironment().extend({
    libraries: [jsonPatchLibrary],
    variables: { authorizer: authorizerType },
  });
  const compiled = environment.compile(text);
  if (compiled instanceof Issues) return { shown: String(compiled), cost: 0 };
  const program = environment.program(compiled);
  if (program instanceof CelError) return { shown: `program: ${program}`, cost: 0 };
  const authorizer = new AuthorizerValue(({ account, verb, use }: AccessQuestion) => ({
    allowed: verb === 'get',
    reason: JSON.stringify({ ...account, ...use }),
    ...(verb === 'fail' ? { error: 'broken' } : {}),
  }));
  const { result, cost } = program.evaluate(activation({ authorizer }));
  const shown = result instanceof CelError ? `error: ${result}` : formatValue(result);
  return { shown, cost };
}

const families: Record<string, readonly Case[]> = {
  lists: [
    ['[1, 2, 3].isSorted()', 'true', 3],
    ['["b", "a"].isSorted()', 'false', 0],
    ['[duration("1s"), duration("2m")].sum()', '2m1s', 2],
    ['[1.5, 2.5].sum()', '4', 2],
    ['[3u, 1u].min()', '1', 2],
    ['["a", "c", "b"].max()', 'c', 0],
    ['[].max()', 'error: max called on empty list', 0],
    ['[1, 2, 1].indexOf(1)', '0', 3],
    ['[1, 2, 1].lastIndexOf(1)', '2', 3],
    ['["a"].indexOf("b")', '-1', 0],
  ],
  regex: [
    ['"abc 123".find("[0-9]+")', '123', 2],
    ['"abc".find("[0-9]+")', '', 2],
    ['"1 2 3".findAll("[0-9]", 2)', '[1, 2]', 2],
    ['"baaac".findAll("a*")', '[, aaa, ]', 1],
    ['"a".findAll("a", 0)', '[]', 1],
    ['"a".find("(")', 'program: error parsing regexp: missing closing ): `(`'],
    ['"a".find("(" + "")', 'error: Illegal regex: error parsing regexp: missing closing ): `(`', 2],
  ],
  urls: [
    ['url("https://u@h.example:80/a%2Fb?x=1&x=2#f").getHost()', 'h.example:80', 5],
    ['url("https://[::1]:80/").getHostname()', '::1', 3],
    ['url("/a%2Fb%3Bc").getEscapedPath()', '/a%2Fb%3Bc', 2],
    ['url("/?x=1&y=2&x=3").getQuery()["x"]', '[1, 3]', 5],
    ['isURL("../x")', 'false', 1],
    ['url("HTTPS://a") == url("https://a")', 'true', 3],
    [
      'url("x")',
      'error: URL parse error during conversion from string: parse "x": invalid URI for request',
      1,
    ],
  ],
  quantities: [
    ['quantity("1Gi").isGreaterThan(quantity("1G"))', 'true', 3],
    ['quantity("50k").add(quantity("20k")).sub(10000).asInteger()', '60000', 5],
    ['quantity("1000m").isInteger()', 'false', 2],
    ['quantity("1e3") == quantity("1k")', 'true', 3],
    ['quantity("1.5").asApproximateFloat()', '1.5', 2],
    ['sign(quantity("-2"))', '-1', 2],
    ['isQuantity("1Q")', 'false', 1],
    ['quantity("9999999999999999999").asInteger()', 'error: cannot convert value to integer', 3],
  ],
  addresses: [
    ['ip("10.0.0.1").family()', '4', 2],
    ['type(ip("::1")) == net.IP', 'true', 3],
    ['ip.isCanonical("2001:DB8::1")', 'false', 3],
    ['string(ip("::0001"))', '::1', 2],
    ['ip("169.254.0.1").isLinkLocalUnicast()', 'true', 3],
    ['ip("ff02::1").isLinkLocalMulticast()', 'true', 2],
    ['ip("10.0.0.1").isGlobalUnicast()', 'true', 2],
    ['ip("fe80::1%a")', 'error: IP address "fe80::1%a" with zone value is not allowed', 1],
    ['isIP("::ffff:1.2.3.4")', 'false', 2],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', 'true', 3],
    ['cidr("10.0.0.0/8").containsIP("x")', 'error: no such overload', 3],
    ['cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))', 'true', 6],
    ['cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8")', 'true', 4],
    ['cidr("10.1.2.3/8").ip() == ip("10.1.2.3")', 'true', 4],
    ['cidr("2001:db8::/32").prefixLength()', '32', 3],
  ],
  formats: [
    ['format.dns1123Label().validate("a").hasValue()', 'false', 10],
    ['format.named("uuid").value().validate("x").value()', '[does not match the UUID format]', 21],
    ['format.named("nobody").hasValue()', 'false', 2],
    ['format.date().validate("2024-02-30").hasValue()', 'true', 38],
    ['format.uri().validate("x").value()', '[parse "x": invalid URI for request]', 278],
  ],
  versions: [
    ['semver("1.2.3").isLessThan(semver("1.10.0"))', 'true', 3],
    ['semver("v1.02", true) == semver("1.2.0")', 'true', 3],
    ['isSemver("v1.0.0")', 'false', 1],
    ['semver("1.0.0-a").compareTo(semver("1.0.0"))', '-1', 3],
    ['semver("1.2")', 'error: No Major.Minor.Patch elements found', 1],
  ],
  authorizers: [
    ['authorizer.path("/healthz").check("get").allowed()', 'true', 350003],
    ['authorizer.path(" ")', 'error: path must not be empty', 2],
    [
      'authorizer.serviceAccount("ns", "sa").group("apps").resource("deployments").subresource("scale").namespace("n").name("x").labelSelector("a=b").check("list").reason()',
      '{"namespace":"n","name":"x","group":"apps","resource":"deployments","subresource":"scale","fieldSelector":"","labelSelector":"a=b"}',
      350119,
    ],
    ['authorizer.serviceAccount("ns", "_")', 'error: Invalid service account name', 2],
    ['authorizer.group("").resource("pods").check("fail").error()', 'broken', 350004],
    ['authorizer.group("").resource("pods").check("get").errored()', 'false', 350004],
  ],
  patches: [['jsonpatch.escapeKey("k8s.io/a~b")', 'k8s.io~1a~0b', 1]],
};

describe('the Kubernetes libraries of expressions', () => {
  for (const [family, cases] of Object.entries(families)) {
    describe(family, () => {
      for (const [text, shown, cost] of cases) {
        it(`${text}: ${shown}`, () => {
          const actual = evaluate(text);
          assert.equal(actual.shown, shown);
          if (cost !== undefined) assert.equal(actual.cost, cost);
        });
      }
    });
  }

  const estimates: [string, number, number][] = [
    ['[1, 2, 3].indexOf(1)', 13, 13],
    ['"abc 123".find("[0-9]+")', 2, 2],
    ['"a,b".split(",")', 1, 1],
    ['quantity("1Gi") == quantity("1")', 3, 3],
    ['authorizer.path("/x").check("get").allowed()', 350003, 350003],
    ['format.uuid().validate("x").hasValue()', 34, 34],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3")', 3, 6],
  ];
  for (const [text, min, max] of estimates) {
    it(`${text} may cost ${min} to ${max}`, () => {
      const environment = kubernetesEnvironment().extend({
        variables: { authorizer: authorizerType },
      });
      const compiled = environment.compile(text);
      assert.ok(!(compiled instanceof Issues));
      const estimator = kubernetesEstimator({ size: () => undefined });
      assert.deepEqual(environment.estimateCost(compiled, estimator), { min, max });
    });
  }
});
