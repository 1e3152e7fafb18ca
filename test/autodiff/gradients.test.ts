import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { GraphBuilder, OPSET } from '../../src/graph/build.js';
import { CASES, type Case, ELSEWHERE } from './cases.js';
import { checkGradient, normals, type Point, type Probe } from './finite-differences.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

/** Numbers 0.1 apart, in random order, none nearer than 0.05 to zero: no kink is within a step's reach. */
function distinct(n: number, purpose: string): Float32Array {
  const order = [...normals(purpose, n).entries()].sort((a, b) => a[1] - b[1]).map(([i]) => i);
  return Float32Array.from(order, (rank) => 0.1 * (rank - Math.floor(n / 2)) + 0.05);
}

function probe(sample: Case, opset = sample.opset ?? OPSET): Probe {
  const b = new GraphBuilder();
  const names = sample.inputs.map((dims, i) => b.input(`x${i}`, 'float32', dims));
  const of = b.outputAs(sample.emit(b, names), 'y');
  const total = sample.inputs.map((dims) => dims.reduce((p, d) => p * d, 1));
  // Drawn together, so that no two inputs share a value either.
  const pool = distinct(
    total.reduce((a, c) => a + c, 0),
    'inputs',
  );
  let used = 0;
  const point: Point = Object.fromEntries(
    names.map((name, i) => {
      const drawn = normals(`inputs/${i}`, total[i]);
      const values = {
        real: () => drawn,
        positive: () => drawn.map((v) => 0.7 + Math.abs(v)),
        distinct: () => pool.slice(used, used + total[i]),
      }[sample.domain ?? 'real']();
      used += total[i];
      return [name, values];
    }),
  );
  const graph = b.build();
  return { graph: { ...graph, opsets: { '': opset } }, of, point };
}

/** The newest operator set that onnxruntime reads. */
const NEWEST = 26;

/** A step that stays on one side of every kink of `distinct` numbers: directions rarely exceed 4. */
const stepOf = (sample: Case) => (sample.domain === 'distinct' ? 0.004 : 0.02);

const rows = [...new Set([...GRADIENTS.keys(), ...LOWERINGS.keys()])];
const cases = rows.flatMap((op) =>
  (CASES[op] ?? []).map((sample) => ({ op, name: sample.what ? `${op}, ${sample.what}` : op, sample })),
);

describe('the gradient table', () => {
  it('has a sample input for every row', () => {
    expect(rows.filter((op) => !CASES[op]?.length && !ELSEWHERE[op])).toEqual([]);
    for (const file of Object.values(ELSEWHERE)) expect(existsSync(file), file).toBe(true);
  });

  it('keeps flat operators and rows apart', () => {
    expect([...FLAT].filter((op) => GRADIENTS.has(op) || LOWERINGS.has(op))).toEqual([]);
  });

  // One direction of one derivative: that every operator which is emitted still exists and means the same.
  const lasting = cases.filter(({ sample }) => sample.until === undefined);
  it.each(lasting)(`$name: the same in operator set ${NEWEST}`, async ({ sample }) => {
    const { analytic, numeric } = await checkGradient(engine, probe(sample, NEWEST), {
      step: stepOf(sample),
      directions: 1,
    });
    const tolerance = sample.tolerance ?? 1e-3;
    expect(Math.abs(analytic[0] - numeric[0])).toBeLessThan(tolerance * (1 + Math.abs(numeric[0])));
  });

  it.each(cases)('$name: first and second derivatives', async ({ sample }) => {
    const first = await checkGradient(engine, probe(sample), { step: stepOf(sample) });
    const tolerance = sample.tolerance ?? 1e-3;
    for (const [i, numeric] of first.numeric.entries())
      expect(Math.abs(first.analytic[i] - numeric)).toBeLessThan(tolerance * (1 + Math.abs(numeric)));
    const second = await checkGradient(engine, first.derivative, { step: stepOf(sample) });
    for (const [i, numeric] of second.numeric.entries())
      expect(Math.abs(second.analytic[i] - numeric)).toBeLessThan(tolerance * (1 + Math.abs(numeric)));
  });
});
