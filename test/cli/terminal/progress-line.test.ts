import { describe, expect, it } from 'vitest';
import { painted } from '../../../src/cli/terminal/colour.js';
import { ProgressLine } from '../../../src/cli/terminal/progress-line.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import { request } from '../../../src/suites/contract.js';
import { noisyLogits } from '../../runs/small-run.js';

function job(name: string, sizes: readonly number[]): Job {
  const measurement = noisyLogits({ measured: [] }, 4, name);
  let at = 0;
  return {
    key: name,
    request: request({ measurement, system: 'jem', dataset: 'test', params: { scale: 1 } }),
    columns: new Map(),
    size: sizes.reduce((a, b) => a + b, 0),
    inputs: [],
    reference: [],
    namedSystems: [],
    units: sizes.map((size) => ({ key: `${name} ${at}`, start: at, end: (at += size) })),
  };
}

describe('the progress line', () => {
  const show = (isTTY: boolean, quiet = false, everyMs = 0) => {
    let text = '';
    const terminal = { write: (more: string) => (text += more), isTTY, columns: 60 };
    let now = 0;
    const line = new ProgressLine(terminal, { quiet, plainEveryMs: everyMs, now: () => now });
    const one = job('attack', [64, 64]);
    line.listen({ kind: 'plan', units: 2, stored: 0 });
    line.listen({
      kind: 'unit-started',
      job: one,
      unit: one.units[0]!,
      status: { done: 0, units: 2, secondsLeft: undefined },
    });
    now += 1000;
    line.listen({
      kind: 'unit-progress',
      job: one,
      unit: one.units[0]!,
      passes: 320,
      expected: 640,
      status: { done: 0, units: 2, secondsLeft: 2.4 },
    });
    now += 1000;
    line.listen({
      kind: 'unit-finished',
      job: one,
      unit: one.units[0]!,
      seconds: 2,
      status: { done: 1, units: 2, secondsLeft: 130 },
    });
    line.end();
    return text;
  };

  it('writes plain lines where nobody watches', () => {
    expect(show(false)).toBe(
      '2 units to measure\n' +
        '0/2, 3 s left: attack of jem on test, examples 0-63, 320 of about 640 passes\n' +
        '1/2, 2 min 10 s left: attack of jem on test, examples 0-63, 32 examples/s\n',
    );
  });

  it('writes them at intervals', () => {
    expect(show(false, false, 1500).split('\n').slice(1)).toEqual([expect.stringMatching(/^1\/2/), '']);
    expect(show(false, false, 5000)).toBe('2 units to measure\n');
  });

  it('rewrites one line on a terminal, cut to its width, and removes it at the end', () => {
    const text = show(true);
    const lines = text.split('\r\x1b[2K');
    expect(lines[0]).toBe('2 units to measure\n');
    expect(lines[1]).toMatch(/^. 0\/2: attack of jem on test, examples 0-63$/);
    expect(lines[2]).toMatch(/^. 0\/2, 3 s left: attack of jem on test, examples 0-63/);
    expect(lines[2]!.length).toBe(59);
    expect(lines[3]).toMatch(/^. 1\/2/);
    expect(text.endsWith('\r\x1b[2K')).toBe(true);
  });

  it('counts pieces of a stage, and what is done of a long one', () => {
    let text = '';
    const terminal = { write: (more: string) => (text += more), isTTY: false, columns: 60 };
    const line = new ProgressLine(terminal, { quiet: false, plainEveryMs: 0 });
    const stage = { kind: 'stage', text: 'summarising: Accuracy', done: 1, of: 4 } as const;
    line.listen(stage);
    line.listen({ ...stage, part: { what: 'resamples of jem on test', done: 120, of: 1000 } });
    line.end();
    expect(text).toBe(
      'summarising: Accuracy, 1 of 4 done\n' +
        'summarising: Accuracy, 1 of 4 done, 120 of 1000 resamples of jem on test\n',
    );
  });

  it('says nothing when quiet', () => {
    expect(show(true, true) + show(false, true)).toBe('');
  });
});

describe('colours', () => {
  it('are for terminals without NO_COLOR', () => {
    const saved = { NO_COLOR: process.env.NO_COLOR, TERM: process.env.TERM };
    process.env.TERM = 'xterm';
    delete process.env.NO_COLOR;
    expect(painted('FAIL  x\npass  y', { isTTY: true })).toBe(
      '\x1b[31mFAIL\x1b[0m  x\n\x1b[32mpass\x1b[0m  y',
    );
    expect(painted('FAIL  x', { isTTY: false })).toBe('FAIL  x');
    process.env.NO_COLOR = '1';
    expect(painted('FAIL  x', { isTTY: true })).toBe('FAIL  x');
    for (const [key, value] of Object.entries(saved))
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
  });
});
