import { afterAll, describe, expect, it } from 'vitest';
import { Magnitudes } from '../../../src/bounds/intervals/magnitudes.js';
import { boundedNetwork } from '../../../src/bounds/network/network.js';
import { Programs } from '../../../src/bounds/network/programs.js';
import { gamma, gammaOfAxes, mostOf } from '../../../src/bounds/network/rounding.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { GraphBuilder } from '../../../src/graph/build.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

describe('rounding of long sums', () => {
  it('is not known of sums that are longer than float32 has digits', () => {
    expect(gamma(2 ** 23)).toBeCloseTo(1, 3);
    expect(gamma(2 ** 24)).toBe(Number.POSITIVE_INFINITY);
    expect(gammaOfAxes([2 ** 25], 3)).toBe(Number.POSITIVE_INFINITY);
    expect(mostOf(gamma(1000))).toBeCloseTo(1, 3);
    expect(mostOf(gamma(2 ** 24))).toBe(Number.POSITIVE_INFINITY);
  });

  it('is made up for in magnitudes', async () => {
    const size = 2 ** 15;
    const b = new GraphBuilder();
    const sum = b.op('ReduceSum', [b.input('x', 'float32', ['N', size]), b.ints([1])]);
    b.outputAs(b.op('Mul', [sum, b.scalar(2)]), 'logits');
    const network = await boundedNetwork(engine, {
      graph: b.build(),
      pixels: 'x',
      shape: [size],
      logits: 'logits',
    });
    const programs = new Programs(engine);
    const ranges = new Map([['x', { lower: new Float32Array(size), upper: new Float32Array(size).fill(1) }]]);
    const found = await new Magnitudes(network, programs).of(
      'sum',
      { wanted: new Set([sum]), stops: ['x'] },
      1,
      ranges,
    );
    await programs.close();
    // All ones: none is lost here, as others may be.
    expect(found.get(sum)?.[0]).toBeGreaterThanOrEqual(size * (1 + gamma(size)));
  });
});
