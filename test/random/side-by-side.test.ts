import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { boxMuller } from '../../src/random/box-muller.js';
import { boxMullers } from '../../src/random/box-mullers.js';
import { normalsOf } from '../../src/random/side-by-side.js';
import { type StreamKey, stream } from '../../src/random/stream.js';

const bits = (values: Float64Array) => [...new BigUint64Array(values.slice().buffer)];

function expectAsAlone(keys: readonly StreamKey[], size: number, found: Float64Array) {
  for (const [i, key] of keys.entries()) {
    const alone = new Float64Array(size);
    stream(key).normals(alone);
    expect(bits(found.subarray(i * size, (i + 1) * size))).toEqual(bits(alone));
  }
}

const keysOf = (count: number): StreamKey[] =>
  Array.from({ length: count }, (_, example) => ({
    ...{ seed: 4, purpose: 'test/side', example, restart: example % 3, step: 7, substep: example * example },
  }));

it('normal draws of several streams are to the bit those of each alone, however many and long they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 40 }), (count, size) => {
      const found = new Float64Array(count * size);
      normalsOf(keysOf(count), found);
      expectAsAlone(keysOf(count), size, found);
    }),
  );
});

it.each([784, 1023, 1024, 1025, 5001])('so are %i of each, in pieces of 1,024', (size) => {
  const found = new Float64Array(7 * size);
  normalsOf(keysOf(7), found);
  expectAsAlone(keysOf(7), size, found);
});

/** A state whose next words are these two: the second is 9 c + 1, and 0x38e38e39 the inverse of 9 modulo 2^32. */
const stateBefore = (first: number, second: number) =>
  Int32Array.of(first, 0, Math.imul(second - 1, 0x38e38e39), 0);

it('so they are at the smallest and largest uniform numbers, at every power of two and at every edge of a cell', () => {
  const together = boxMullers()!;
  const most = 0xffffffff;
  const powers = Array.from({ length: 32 }, (_, i) => 2 ** i).flatMap((p) => [p, p - 1, most - p]);
  const edges = Array.from({ length: 1025 }, (_, i) => Math.min(most, i * 2 ** 22)).flatMap((e) => [
    e,
    Math.min(most, e + 1),
    Math.max(0, e - 1),
  ]);
  const seconds = [0, 1, 63, 64, most - 64, most - 63, most];
  const other: number[] = [];
  for (const first of [0, most, ...powers, ...edges])
    for (let at = 0; at < seconds.length; at += 4) {
      const states = seconds.slice(at, at + 4).map((second) => stateBefore(first, second));
      const found = new Float64Array(4 * states.length);
      together(states, found, 0, 4);
      for (const [i, state] of states.entries()) {
        const alone = new Float64Array(4);
        boxMuller(state, alone, 0, 2);
        if (!alone.every((value, j) => Object.is(value, found[4 * i + j]))) other.push(first);
      }
    }
  expect(other).toEqual([]);
});

it('so they are of a million pairs whose states are anything', () => {
  const together = boxMullers()!;
  const source = stream({ seed: 9, purpose: 'test/states', example: 0 });
  const [states, found, alone] = [
    Array.from({ length: 4 }, () => new Uint32Array(4)),
    new Float64Array(4 * 2000),
    new Float64Array(2000),
  ];
  let other = 0;
  for (let round = 0; round < 250; round++) {
    for (const state of states) source.uint32s(state);
    together(states, found, 0, 2000);
    for (const [i, state] of states.entries()) {
      boxMuller(new Int32Array(state), alone, 0, 1000);
      other += alone.reduce((sum, value, j) => sum + Number(!Object.is(value, found[2000 * i + j])), 0);
    }
  }
  expect(other).toBe(0);
});

it('without WebAssembly they are drawn one stream after the other, to the same bits', () => {
  const module = resolve('dist/src/random/side-by-side.js');
  const code = `
    import { normalsOf } from ${JSON.stringify(pathToFileURL(module).href)};
    const into = new Float64Array(55);
    normalsOf(${JSON.stringify(keysOf(5))}, into);
    console.log(typeof WebAssembly, Buffer.from(into.buffer).toString('base64'));`;
  const [kind, numbers = ''] = execFileSync(
    process.execPath,
    ['--jitless', '--no-warnings', '--input-type=module', '--eval', code],
    { encoding: 'utf8' },
  ).split(' ');
  expect(kind).toBe('undefined');
  const found = new Float64Array(Uint8Array.from(Buffer.from(numbers, 'base64')).buffer);
  expectAsAlone(keysOf(5), 11, found);
});
