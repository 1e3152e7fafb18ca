import { describe, expect, it } from 'vitest';
import type { Program, Value } from '../../../src/engines/engine.js';
import { createOrtEngine } from '../../../src/engines/ort/engine.js';
import { type Finding, selfMeasured } from '../../../src/engines/ort/self-measured.js';
import { floatValue, twoOutputs } from '../graphs.js';

/** Programs on a clock of their own, which a batch moves by what it takes. */
class Clock {
  time = 0;

  program(milliseconds: number, y = [1, 2]) {
    const seen = { runs: 0, released: 0 };
    const program: Program = {
      run: async () => {
        seen.runs++;
        this.time += milliseconds;
        return { y: floatValue([y.length], y) };
      },
      release: async () => {
        seen.released++;
      },
    };
    return { program, seen };
  }
}

async function afterwards(narrow: number, wide: number, outputs?: number[]) {
  const clock = new Clock();
  const programs = { narrow: clock.program(narrow), wide: clock.program(wide, outputs) };
  const findings: Finding[] = [];
  const layouts = { narrow: programs.narrow.program, sessions: 2, wide: async () => programs.wide.program };
  const program = selfMeasured(
    layouts,
    (finding) => findings.push(finding),
    () => clock.time,
  );
  for (let call = 0; call < 100; call++) await program.run({});
  expect(programs.wide.seen.runs).toBe(0);
  const before = clock.time;
  await program.run({});
  return { ...programs, findings, program, took: clock.time - before };
}

describe('a program that measures itself', () => {
  it('takes the wide layout where that is faster, and lets the other go', async () => {
    const { findings, narrow, wide, program } = await afterwards(10, 8);
    expect(findings).toEqual([{ chosen: 'wide', ratio: 0.8 }]);
    expect([narrow.seen.released, wide.seen.released]).toEqual([1, 0]);
    const { runs } = narrow.seen;
    await program.run({});
    expect(narrow.seen.runs).toBe(runs);
    await program.release();
    expect(wide.seen.released).toBe(1);
  });

  it.each([
    ['slower', 12, 1.2],
    ['as fast', 10, 1],
    ['hardly faster', 9.8, 0.98],
  ])('stays as it is where the wide layout is %s', async (_what, milliseconds, ratio) => {
    const { findings, narrow, wide } = await afterwards(10, milliseconds);
    expect(findings).toEqual([{ chosen: 'narrow', ratio: expect.closeTo(ratio, 9) }]);
    expect([narrow.seen.released, wide.seen.released]).toEqual([0, 1]);
  });

  it('stays as it is where a single bit differs, whatever that would save', async () => {
    const { findings, wide } = await afterwards(10, 1, [1, 2 + 2 ** -22]);
    expect(findings).toEqual([{ chosen: 'narrow', ratio: undefined }]);
    expect(wide.seen).toEqual({ runs: 1, released: 1 });
  });

  it('measures once, for no longer than a second or one round', async () => {
    // Two runs to begin with, rounds of two batches each, and the call itself.
    expect((await afterwards(300, 330)).took).toBe(630 + 1260 + 300);
    expect((await afterwards(10, 11)).took).toBe(21 + 5 * 42 + 10);
  });

  it('goes on as before where the other layout cannot be had, and tells errors of calls', async () => {
    const clock = new Clock();
    const narrow = clock.program(1);
    const refusing: Program = {
      ...narrow.program,
      run: async (feeds: Record<string, Value>) => {
        if (feeds.wrong) throw new Error('wrong feeds');
        return narrow.program.run(feeds);
      },
    };
    const wide = async () => {
      throw new Error('out of memory');
    };
    const program = selfMeasured({ narrow: refusing, sessions: 2, wide }, () => undefined);
    for (let call = 0; call < 110; call++) expect([...(await program.run({})).y.data]).toEqual([1, 2]);
    await expect(program.run({ wrong: floatValue([1], [0]) })).rejects.toThrow('wrong feeds');
    expect(narrow.seen.released).toBe(0);
  });

  it('gives the same outputs before, during and after, in the engine', async () => {
    const engine = createOrtEngine();
    const program = await engine.compile(twoOutputs());
    const calls = Array.from({ length: 120 * engine.concurrency }, (_, i) =>
      program.run({ x: floatValue([1, 3], [i, 0, 0]) }),
    );
    const firsts = (await Promise.all(calls)).map(({ doubled }) => doubled.data[0]);
    expect(firsts).toEqual(calls.map((_, i) => 2 * i));
    if (engine.concurrency > 1)
      expect(engine.findings?.()).toEqual([
        expect.stringMatching(/^graph \(doubled, negated\): .*session.* of 1 thread/),
      ]);
    await program.release();
    await engine.close();
  });

  it('is left alone where a layout is asked for', async () => {
    const engine = createOrtEngine({ sessions: 2 });
    const program = await engine.compile(twoOutputs());
    for (let call = 0; call < 130; call++) await program.run({ x: floatValue([1, 3], [1, 2, 3]) });
    expect(engine.findings?.()).toEqual([]);
    await engine.close();
  });
});
