import assert from 'node:assert/strict';
import { compileDeviceSelector } from './device-selector.ts';

const nested = (depth: number): string =>
  depth === 0 ? 'true' : `device.attributes.all(x${depth}, ${nested(depth - 1)})`;

describe('selectors of devices', () => {
  const cases: [string, number | string][] = [
    ['device.driver == "gpu.example.com"', 4],
    ['device.attributes["gpu.example.com"].model == "a"', 5],
    ['device.attributes["gpu.example.com"].present', 4],
    ['device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("1Gi"))', 6],
    ['cel.bind(a, device.attributes["d"], a.x == 1 && a.y)', 18],
    [nested(4), 3348675],
    ['device.driver', 'must evaluate to bool or the unknown type, not string'],
    [
      'device.nope',
      "compilation failed: ERROR: <input>:1:7: undefined field 'nope'\n | device.nope\n | ......^",
    ],
    [
      'device.driver.find("(") == ""',
      'program instantiation failed: error parsing regexp: missing closing ): `(`',
    ],
  ];
  for (const [text, expected] of cases) {
    it(`${text}: ${expected}`, () => {
      const selector = compileDeviceSelector(text);
      assert.equal('problem' in selector ? selector.problem : selector.maxCost, expected);
    });
  }
});
