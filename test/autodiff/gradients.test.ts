import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FLAT, GRADIENTS, LOWERINGS } from '../../src/autodiff/table.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { CASES, type Case, ELSEWHERE } from './cases.js';
import { checkGradient } from './finite-differences.js';
import { probe } from './probe.js';

const engine = createOrtEngine({ sessions: 1, threads: 1 });
afterAll(() => engine.close());

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
    expect(Math.abs(analytic[0]! - numeric[0]!)).toBeLessThan(tolerance * (1 + Math.abs(numeric[0]!)));
  });

  it.each(cases)('$name: first and second derivatives', async ({ sample }) => {
    const first = await checkGradient(engine, probe(sample), { step: stepOf(sample) });
    const tolerance = sample.tolerance ?? 1e-3;
    for (const [i, numeric] of first.numeric.entries())
      expect(Math.abs(first.analytic[i]! - numeric)).toBeLessThan(tolerance * (1 + Math.abs(numeric)));
    const second = await checkGradient(engine, first.derivative, { step: stepOf(sample) });
    for (const [i, numeric] of second.numeric.entries())
      expect(Math.abs(second.analytic[i]! - numeric)).toBeLessThan(tolerance * (1 + Math.abs(numeric)));
  });
});
