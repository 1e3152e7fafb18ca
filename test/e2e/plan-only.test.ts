import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { obeyed, start } from './assay.js';
import { project, runFile, savedResults } from './project.js';

const at = mkdtempSync(join(tmpdir(), 'assay-plan-'));
beforeAll(() => void project(at, {}, 160));
afterAll(() => rmSync(at, { recursive: true }));

const PURIFY = { by: 'sharp', steps: 3, chains: 2, clamp: 'box' };

const PGD = {
  attack: { norm: 'Linf', method: 'pgd', steps: 20, epsilons: ['16/255', '48/255'], checks: false },
};

/** Run files of different kinds, by name. */
const RUNS: Record<string, object> = {
  plain: { suites: ['accuracy', { calibration: { resamples: 100 } }] },
  attack: { suites: [PGD] },
  ood: { suites: [{ ood: { scores: ['max-softmax', 'odin', 'kl-matching'], resamples: 100 } }] },
  purification: {
    defences: [{ name: 'pure', model: 'sharp', purify: PURIFY }],
    suites: [
      'accuracy',
      { purification: { ...PURIFY, steps: [1, 3], epsilon: '32/255', attackSteps: 5, examples: 96 } },
      { attack: { norm: 'Linf', method: 'pgd', steps: 5, epsilons: ['32/255'], eot: 1, checks: false } },
    ],
  },
  jem: {
    suites: [
      { energy: { resamples: 100, permutations: 99 } },
      { samples: { systems: ['sharp'], images: 20, steps: 10 } },
    ],
  },
};

const passesOf = ({ forward, gradient }: { forward: number; gradient: number }) => forward + gradient;

describe('the plan of a run', () => {
  it.runIf(process.env.ASSAY_LONG === '1').each(Object.entries(RUNS))(
    'tells what a run of the kind %s spends',
    { tags: ['long'] },
    async (name, more) => {
      writeFileSync(join(at, `${name}.run.yaml`), stringify(runFile({ name, ...more })));
      const words = [`${name}.run.yaml`, '--out', name];
      const planned = await obeyed(['run', ...words, '--plan-only', '--probe', '--json'], at);
      expect(planned).toMatchObject({ code: 0 });
      const { passes, stored, seconds } = JSON.parse(planned.stdout);
      expect(stored).toBe(0);
      expect(seconds).toBeGreaterThan(0);
      expect(existsSync(join(at, name, 'units'))).toBe(false);
      expect(await obeyed(['run', ...words, '--quiet'], at)).toMatchObject({ code: 0 });
      const spent = savedResults(join(at, name)).costs.reduce((sum, cost) => sum + passesOf(cost), 0);
      const ratio = passesOf(passes.expected) / spent;
      expect(ratio, `${passesOf(passes.expected)} of ${spent}`).toBeGreaterThan(0.7);
      expect(ratio, `${passesOf(passes.expected)} of ${spent}`).toBeLessThan(1.3);
      const after = JSON.parse((await obeyed(['run', ...words, '--plan-only', '--json'], at)).stdout);
      expect(after.passes).toEqual({ expected: NONE, atMost: NONE, open: false });
    },
  );

  it('is a table, of every shard too', async () => {
    writeFileSync(join(at, 'table.run.yaml'), stringify(runFile({ suites: ['accuracy'] })));
    const { code, stdout } = await obeyed(['run', 'table.run.yaml', '--plan-only', '--shard', '1/2'], at);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'small: 2 units, 0 of them in assay-runs/small. Left to do: about 320 forward passes.',
    );
    expect(stdout).toMatch(/^clean +sharp +accuracy +1 +0 +160 +160 +0 +–$/m);
    expect(stdout).toMatch(/^ +2 +1 +160 +0 +50\.0 % +–$/m);
  });

  it('rests on a probe where examples may end early', async () => {
    writeFileSync(join(at, 'probed.run.yaml'), stringify(runFile({ suites: [PGD] })));
    const words = ['run', 'probed.run.yaml', '--out', 'probed', '--plan-only', '--json'];
    const costs = [];
    for (const more of [[], ['--probe', '32']])
      costs.push(JSON.parse((await obeyed([...words, ...more], at)).stdout));
    const [bound, likely] = costs;
    expect(bound).toMatchObject({ seconds: null, passes: { open: true, expected: bound.passes.atMost } });
    expect(likely).toMatchObject({ seconds: expect.any(Number), passes: { open: false } });
    expect(passesOf(likely.passes.expected)).toBeLessThan(0.9 * passesOf(bound.passes.expected));
    expect(existsSync(join(at, 'probed', 'units'))).toBe(false);
  });

  it('ends with 130 when its probe is stopped, and leaves nothing behind', async () => {
    const long = { attack: { ...PGD.attack, steps: 50_000 } };
    writeFileSync(join(at, 'long.run.yaml'), stringify(runFile({ suites: [long] })));
    const TMPDIR = join(at, 'tmp');
    mkdirSync(TMPDIR);
    const words = ['run', 'long.run.yaml', '--out', 'long', '--plan-only', '--probe'];
    const { child, ended } = start(words, at, { TMPDIR });
    const probes = () => readdirSync(TMPDIR).filter((name) => name.startsWith('assay-probe'));
    while (probes().length === 0 && child.exitCode === null) await sleep(20);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({
      code: 130,
      stdout: '',
      stderr: expect.stringMatching(/stopped by SIGINT/),
    });
    expect(readdirSync(TMPDIR)).toEqual([]);
    expect(existsSync(join(at, 'long/units'))).toBe(false);
  });

  it.each(['--json', '--probe'])('is what %s is about', async (flag) => {
    const { code, stderr } = await obeyed(['run', 'table.run.yaml', flag], at);
    expect(code).toBe(2);
    expect(stderr).toContain(`${flag} goes with --plan-only`);
  });
});

const NONE = { forward: 0, gradient: 0 };
