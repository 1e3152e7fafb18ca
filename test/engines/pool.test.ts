import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** As many as it takes for every way to end to come up several times; the threads' start is what costs. */
const TRIALS = process.env.ASSAY_LONG ? 100 : 20;

/** Opens pools of two workers, one after the other, and ends them or a worker in the middle of calls. */
const script = `
  import { Pool } from './dist/src/engines/pool.js';
  const kind = { library: 'trouble', module: '../../test/engines/troubled-worker.js', options: {} };
  const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const told = {};
  for (let trial = 0; trial < ${TRIALS}; trial++) {
    const pool = new Pool(2, kind);
    const program = pool.register(new SharedArrayBuffer(0));
    await pool.prepare(program);
    const call = (how, milliseconds) =>
      pool.run(program, { [how]: { type: 'float32', dims: [1], data: Float32Array.of(milliseconds) } })
        .then(() => 'answered', (error) => error.code + ': ' + error.message)
        .then((text) => { told[text] = (told[text] ?? 0) + 1; });
    const calls = [call(['answer', 'exit', 'crash'][trial % 3], 2), call('answer', 4), call('answer', 4)];
    if (trial % 2) await after(trial % 7);
    if (trial % 5) await Promise.race(calls);
    await pool.close();
    await Promise.all(calls);
  }
  console.log(JSON.stringify(told));`;

describe('a pool that ends in the middle of calls', () => {
  it('is waited for, and every call is told what happened', { tags: ['long'] }, () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      { cwd: root, encoding: 'utf8', timeout: 170_000 },
    );
    expect(stderr).toBe('');
    // 13 is Node's for a wait that nothing can end.
    expect(status).toBe(0);
    const told: Record<string, number> = JSON.parse(stdout);
    expect(Object.values(told).reduce((sum, calls) => sum + calls)).toBe(3 * TRIALS);
    const worker = 'engine-failed: a worker of trouble';
    expect(Object.keys(told).sort()).toEqual([
      'answered',
      `${worker} crashed: on purpose`,
      `${worker} ended (code 0)`,
      `${worker} was closed`,
    ]);
  });
});
