import { describe, expect, it } from 'vitest';
import type { Program } from '../../../src/engines/engine.js';
import { verified } from '../../../src/engines/ort/verified.js';
import { floatValue } from '../graphs.js';

/** A program that gives these numbers, and how often it ran and was released. */
function giving(...data: number[]) {
  const seen = { runs: 0, released: 0 };
  const program: Program = {
    run: async () => {
      seen.runs++;
      return { y: floatValue([data.length], data) };
    },
    release: async () => {
      seen.released++;
    },
  };
  return { program, seen };
}

describe('a program that the processor verifies', () => {
  it('is compared once, and the processor is let go', async () => {
    const [device, processor] = [giving(1, 2), giving(1.000001, 2)];
    const program = verified(device.program, 'webgpu', async () => processor.program);
    for (let i = 0; i < 3; i++) expect([...(await program.run({})).y!.data]).toEqual([1, 2]);
    await program.release();
    expect([device.seen, processor.seen]).toEqual([
      { runs: 3, released: 1 },
      { runs: 1, released: 1 },
    ]);
  });

  const cases: [string, number[], number[], boolean][] = [
    ['rounding', [1, 2, 3], [1.001, 2, 3], true],
    ['numbers that are rounding errors themselves', [1e-7, -2e-7], [3e-7, 1e-7], true],
    ['another number', [1, 2, 3], [1, 2.5, 3], false],
    ['no number', [1, 2], [1, Number.NaN], false],
    [
      'infinities that the processor has too',
      [Number.POSITIVE_INFINITY, 2],
      [Number.POSITIVE_INFINITY, 2],
      true,
    ],
  ];
  it.each(cases)('%s', async (_what, expected, got, accepted) => {
    const program = verified(giving(...got).program, 'webgpu', async () => giving(...expected).program);
    const running = program.run({});
    if (accepted) await expect(running).resolves.toHaveProperty('y');
    else
      await expect(running).rejects.toMatchObject({
        code: 'engine-failed',
        message: expect.stringContaining('wrong numbers'),
        details: { path: 'output "y"', hint: expect.stringContaining('--device cpu') },
      });
    // What is wrong once stays refused.
    if (!accepted) await expect(program.run({})).rejects.toMatchObject({ code: 'engine-failed' });
  });
});
