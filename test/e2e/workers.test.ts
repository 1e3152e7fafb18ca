import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { folder, obeyed, start } from './assay.js';
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

/** Worker processes of a run, once there are as many that measure. */
async function workersOf(pid: number, count: number): Promise<number[]> {
  for (;;) {
    const workers = childrenOf(pid).filter((child) =>
      readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('worker-process.js'),
    );
    if (workers.length === count) return workers;
    await sleep(20);
  }
}

const long = process.env.ASSAY_LONG ? [1, 2, 3] : [2];

describe('assay run --workers', () => {
  it('gives the results of one process, to the bit', { tags: ['long'] }, async () => {
    const at = folder();
    project(at, small);
    await obeyed(['run', 'small.run.yaml', '--out', 'alone'], at);
    for (const workers of long) {
      const out = `with-${workers}`;
      const ended = await obeyed(['run', 'small.run.yaml', '--out', out, '--workers', `${workers}`], at);
      expect(ended).toMatchObject({ code: 0 });
      expect(savedResults(join(at, out))).toEqual(savedResults(join(at, 'alone')));
      expect(unitFiles(join(at, out))).toEqual(unitFiles(join(at, 'alone')));
    }
  });

  it('leaves no process behind, however the run ends', { tags: ['long'] }, async () => {
    const at = folder();
    project(at, slow);
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const { child, ended } = start(['run', 'small.run.yaml', '--out', 'out', '--workers', '2'], at);
      const workers = await workersOf(child.pid as number, 2);
      child.kill(signal);
      const { code } = await ended;
      expect(code).toBe(signal === 'SIGINT' ? 130 : null);
      while (workers.some(lives)) await sleep(20);
    }
  });
});
