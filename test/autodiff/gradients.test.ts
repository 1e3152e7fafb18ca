import { afterAll, describe, expect, it } from 'vitest';
import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { CASES, type Case } from './cases.js';
import { checkGradient } from './finite-differences.js';
import { probe } from './probe.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

/** A step that stays on one side of every kink of `distinct` numbers: directions rarely exceed 4. */
const stepOf = (sample: Case) => (sample.domain === 'distinct' ? 0.004 : 0.02);

const rows = [...new Set([...GRADIENTS.keys(), ...LOWERINGS.keys()])];
const cases = rows.flatMap((op) =>
  (CASES[op] ?? []).map((sample) => ({ op, name: sample.what ? `${op}, ${sample.what}` : op, sample })),
);

describe('the gradient table', () => {
  it('has a sample input for every row', () => {
    expect(rows.filter((op) => !CASES[op]?.length)).toEqual([]);
  });

  it('keeps flat operators and rows apart', () => {
    expect([...FLAT].filter((op) => GRADIENTS.has(op) || LOWERINGS.has(op))).toEqual([]);
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
