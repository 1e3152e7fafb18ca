// @module-tag slow
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { assay, folder, obeyed, start } from './assay.js';
import { card, project, savedResults, unitFiles } from './project.js';

/** Two units of attacks, and what they read. */
const small = {
  models: ['./sharp.model.yaml', card('flat', { expect: { accuracy: 1, tolerance: 1 } })],
  suites: ['accuracy', { attack: { norm: 'Linf', method: 'pgd', steps: 2, epsilons: [0.1] } }],
};

/** Units that take long enough to be disturbed. */
const slow = { suites: [{ attack: { norm: 'Linf', method: 'pgd', steps: 20_000, epsilons: [1e-6] } }] };

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Worker processes of a run, once there are as many. */
async function workersOf(pid: number, count: number): Promise<number[]> {
  for (;;) {
    const workers = childrenOf(pid).filter((child) =>
      readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('worker-process.js'),
    );
    if (workers.length === count) return workers;
    await sleep(20);
  }
}

/**
 * A measurement whose second unit of sharp ends every process that measures it, and whose second unit of flat only the first,
 * as out of memory does.
 */
const DEADLY = `
import { existsSync, writeFileSync } from 'node:fs';
import { definePlugin } from 'assay/plugin';
import { defineMeasurement, defineSuite, int32, request, Type } from 'assay/suite';

const deadly = defineMeasurement({
  name: 'deadly',
  version: 1,
  needs: [],
  unitSize: 20,
  columns: () => ({ index: int32() }),
  async measure({ examples: { indices }, system: { info } }) {
    const [always, once] = (process.env.DEATHS ?? '').split(' ');
    if (indices.includes(30) && info.name === 'sharp' && always) process.kill(process.pid, 'SIGKILL');
    if (indices.includes(30) && info.name === 'flat' && once && !existsSync(once)) {
      writeFileSync(once, '');
      process.exit(3);
    }
    return { index: Int32Array.from(indices) };
  },
});
const about = { suite: 'deadly-suite', measure: 'sum', title: 'Sum', params: {}, better: 'none', format: 'number' };
const suite = defineSuite({
  name: 'deadly-suite',
  title: 'Sum of indices',
  description: 'The sum of the indices.',
  options: Type.Object({}),
  needs: [],
  plan: ({ systems }) =>
    systems.map(({ name }) => request({ measurement: deadly, system: name, dataset: 'test', params: {} })),
  summarise: (collected) => ({
    measures: collected.all(deadly).map(({ rows, request: { system: model, dataset } }) => ({
      ...about, model, dataset, interval: null, level: 0.95, method: 'none',
      value: rows.index.data.reduce((a, b) => a + b, 0), n: rows.index.data.length,
    })),
  }),
});
export default definePlugin({ name: 'deadly', suites: [suite] });
`;

const LONG = process.env.ASSAY_LONG === '1';

describe('assay run --workers', () => {
  it('gives the results of one process, to the bit', { tags: ['long'] }, async () => {
    const at = folder();
    project(at, small);
    await obeyed(['run', 'small.run.yaml', '--out', 'alone'], at);
    for (const workers of LONG ? [1, 2, 3] : [2]) {
      const out = `with-${workers}`;
      const ended = await obeyed(['run', 'small.run.yaml', '--out', out, '--workers', `${workers}`], at);
      expect(ended).toMatchObject({ code: 0 });
      expect(savedResults(join(at, out))).toEqual(savedResults(join(at, 'alone')));
      expect(unitFiles(join(at, out))).toEqual(unitFiles(join(at, 'alone')));
    }
  });

  it('tries a unit that ends its worker in another one; what ends two is reported, and the rest goes on', {
    tags: ['long'],
  }, async () => {
    const at = folder();
    writeFileSync(join(at, 'deadly.mjs'), DEADLY);
    project(at, { plugins: ['./deadly.mjs'], suites: ['deadly-suite'] });
    const words = ['run', 'small.run.yaml', '--out', 'out'];
    // A worker is half a second of processor time.
    const deadly = LONG ? ['sharp', 'flat'] : ['flat'];
    const DEATHS = `${LONG ? 'always' : ''} ${join(at, 'once')}`;
    const { code, stderr } = await assay([...words, '--workers', LONG ? '2' : '1'], at, { DEATHS });
    expect([code, stderr]).toEqual([LONG ? 2 : 0, expect.any(String)]);
    for (const model of deadly)
      expect(stderr).toContain(
        `trying once more: deadly of ${model} on test, examples 20 to 39: the worker process that measured this died`,
      );
    const { status, errors, measures } = savedResults(join(at, 'out'));
    // 0 + 1 + ... + 59
    const whole = { sharp: 1770, flat: 1770 };
    const sums = (all: typeof measures) =>
      Object.fromEntries(all.flatMap((one) => (one.measure === 'sum' ? [[one.model, one.value]] : [])));
    expect(sums(measures)).toEqual(LONG ? { flat: 1770 } : whole);
    if (!LONG) return;
    expect([status, errors]).toEqual(['partial', [expect.stringMatching(/^sharp: .* died; found SIGKILL/)]]);
    // The unit that failed, and no other.
    const again = await assay(words, at);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 unit measured/m) });
    expect(sums(savedResults(join(at, 'out')).measures)).toEqual(whole);
  });

  it('has a plug-in that was edited when the run had begun refused by name, a file that it imports as well', async () => {
    const at = folder();
    writeFileSync(join(at, 'own.mjs'), DEADLY);
    // Whoever loads it first edits what it consists of; the workers come after.
    writeFileSync(
      join(at, 'part.mjs'),
      `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
      export { default } from './own.mjs';
      const done = new URL('./done', import.meta.url);
      if (!existsSync(done)) appendFileSync(new URL('./own.mjs', import.meta.url), '// edited');
      writeFileSync(done, '');`,
    );
    project(at, { models: ['./sharp.model.yaml'], plugins: ['./part.mjs'], suites: ['deadly-suite'] });
    mkdirSync(join(at, 'out', 'units'), { recursive: true });
    const words = ['run', 'small.run.yaml', '--out', 'out', '--workers', '1'];
    const { code, stderr } = await obeyed(words, at);
    expect([code, stderr.replace(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringContaining(
        'the plug-in "./part.mjs" is not the same here as in the process that started this worker',
      ),
    ]);
    // A process of its own loads it as it is now.
    expect(await assay(words, at)).toMatchObject({ code: 0 });
  });

  it('leaves no process behind, however the run ends', { tags: ['long'] }, async () => {
    const at = folder();
    project(at, slow);
    // In a folder that is new workers start with the run, in one that has units when the first unit is due.
    for (const [signal, out] of [
      ['SIGINT', 'out'],
      ['SIGKILL', 'out'],
      ['SIGKILL', 'new'],
    ] as const) {
      const { child, ended } = start(['run', 'small.run.yaml', '--out', out, '--workers', '2'], at);
      const workers = await workersOf(child.pid as number, 2);
      child.kill(signal);
      const { code } = await ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : null);
      while (workers.some(lives)) await sleep(20);
    }
  });
});
