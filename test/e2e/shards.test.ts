import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { assay, obeyed } from './assay.js';
import { project, runFile, savedResults, unitFiles } from './project.js';

const at = mkdtempSync(join(tmpdir(), 'assay-shards-'));
beforeAll(() => {
  project(at, {}, 60);
  const gates = [{ measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 }];
  writeFileSync(join(at, 'small.run.yaml'), stringify(runFile({ suites: ['accuracy'], gates })));
});
const PGD = { norm: 'Linf', method: 'pgd', steps: 5, epsilons: ['32/255'] };

afterAll(() => rmSync(at, { recursive: true }));

describe('a run in shards', () => {
  it('is put together by commands, and gates judge the whole only', { tags: ['long'] }, async () => {
    const one = await obeyed(['run', 'small.run.yaml', '--shard', '1/2', '--out', 'one'], at);
    expect(one).toMatchObject({ code: 0 });
    expect(one.stdout).toMatch(/Shard 1 of 2: \d+ units? measured, in one/);
    const gated = await obeyed(['gate', 'one'], at);
    expect(gated.code).toBe(2);
    expect(gated.stderr).toContain('this is shard 1-of-2 of the run');
    expect(gated.stderr).toMatch(
      /fix +merge it with the other shards, .*: assay merge one OTHERS\.\.\. --out WHOLE/,
    );
    const compared = await obeyed(['compare', 'one', 'one'], at);
    expect(compared.stderr).toMatch(/results-partial.*fix +merge it with the other shards/s);
    const early = await obeyed(['merge', 'one', '--out', 'merged'], at);
    expect(early.code).toBe(2);
    expect(early.stderr).toMatch(/error\[results-partial\]: 1 shard of 2 missing/);
    if (process.env.ASSAY_LONG !== '1') return;
    // In the folder that is its own.
    expect((await obeyed(['run', 'small.run.yaml', '--shard', '2/2', '--quiet'], at)).code).toBe(0);
    const two = 'assay-runs/small-shard-2-of-2';
    const merged = await obeyed(['merge', 'one', two, '--out', 'merged'], at);
    expect(merged).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
    expect(merged.stdout).toMatch(
      /Nothing was measured anew: [1-9]\d* units were there\. Report: merged\/report\.html/,
    );
    expect((await obeyed(['gate', 'merged'], at)).code).toBe(0);
    expect(await assay(['run', 'small.run.yaml', '--out', 'whole', '--quiet'], at)).toMatchObject({
      code: 0,
    });
    expect(savedResults(join(at, 'merged'))).toEqual(savedResults(join(at, 'whole')));
  });

  it.runIf(process.env.ASSAY_LONG === '1')(
    'has worker processes of its own in every shard, and comes to the results of one process',
    {
      tags: ['long'],
    },
    async () => {
      const suites = ['accuracy', { attack: { ...PGD, checks: false } }];
      writeFileSync(join(at, 'workers.run.yaml'), stringify(runFile({ name: 'workers', suites })));
      const shards = ['1/2', '2/2'];
      const outs = [];
      let units = 0;
      for (const shard of shards) {
        const out = `workers-${shard[0]}`;
        const words = ['run', 'workers.run.yaml', '--shard', shard, '--out', out, '--workers', '2'];
        const { code, stdout } = await obeyed(words, at);
        expect(code).toBe(0);
        units += Number(/(\d+) units? measured/.exec(stdout)?.[1]);
        outs.push(out);
      }
      expect(await obeyed(['merge', ...outs, '--out', 'workers-merged'], at)).toMatchObject({ code: 0 });
      expect(
        await obeyed(['run', 'workers.run.yaml', '--out', 'workers-whole', '--quiet'], at),
      ).toMatchObject({
        code: 0,
      });
      expect(savedResults(join(at, 'workers-merged'))).toEqual(savedResults(join(at, 'workers-whole')));
      // None is measured by two.
      expect(unitFiles(join(at, 'workers-whole'))).toHaveLength(units);
    },
  );

  it('is written for a cluster, with what each shard takes', async () => {
    const words = ['submit', 'slurm', 'small.run.yaml', '--shards', '2'];
    const { code, stdout, stderr } = await obeyed(words, at);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^small: about 120 forward passes\n\nshard +units +forward/);
    expect(stdout).toContain('Written: small.slurm.sh. Submit it with:\n  bash small.slurm.sh\n');
    expect(stderr).toContain('! no --time is asked for');
    expect(readFileSync(join(at, 'small.slurm.sh'), 'utf8')).toContain('run=(run small.run.yaml)');
    // Nothing is overwritten.
    expect(await obeyed(words, at)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the file exists'),
    });
    // What a shard can do with an option of a run, it is given.
    mkdirSync(join(at, 'elsewhere'), { recursive: true });
    const more = ['--cache', 'elsewhere', '--unit-timeout', '60', '--no-fail-on-error', '--time-limit', '9'];
    const blessed = ['--baseline', 'blessed', '--batch-memory', '512', '--write', 'more.sh'];
    expect(await obeyed([...words, ...more, ...blessed], at)).toMatchObject({ code: 0 });
    const script = readFileSync(join(at, 'more.sh'), 'utf8');
    const passed = /^run=\((.*)\)$/m.exec(script)?.[1]?.split(' ') ?? [];
    expect(passed.slice(0, 2)).toEqual(['run', 'small.run.yaml']);
    expect(
      passed
        .slice(2)
        .join(' ')
        .split(/ (?=--)/)
        .sort(),
    ).toEqual(
      [...more, ...blessed.slice(0, -2)]
        .join(' ')
        .split(/ (?=--)/)
        .sort(),
    );
    const many = await obeyed(
      ['submit', 'slurm', 'small.run.yaml', '--shards', '5', '--write', 'many.sh'],
      at,
    );
    expect(many.stdout).toMatch(/^ +2 +1 +60 +0 +50\.0 % +–\n3 shards without units, not shown\n/m);
    expect(many.stderr).toContain('3 of 5 shards have nothing to do');
    // Before the run file is read.
    const image = await obeyed(['submit', 'kubernetes', 'none.run.yaml', '--shards', '2'], at);
    expect(image).toMatchObject({ code: 2, stderr: expect.stringContaining('add --image to the command') });
  });

  it.each<[string, string[], string]>([
    ['--namespace', ['Bad_NS', 'lab.one', 'lab-', 'a'.repeat(64)], 'small letters, digits and hyphens'],
    ['--claim', ['Models', 'my_models', 'a..b', '-a', 'a'.repeat(254)], 'digits, hyphens and dots'],
    ['--image', ['', 'a b', '-a'], 'an image such as'],
    ['--mount', ['work', '/a:b', '/'], 'a path that begins with /'],
    ['--memory', ['1.5G', '0G', '8', '8Gi'], 'a whole number with K, M, G or T'],
  ])('refuses a %s that a cluster would refuse', async (option, values, expected) => {
    for (const value of values) {
      const words = ['submit', 'kubernetes', 'small.run.yaml', '--shards', '2', `${option}=${value}`];
      expect(await obeyed(words, at)).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) });
    }
  });

  it.each(['0/2', '3/2', '2', 'a/b', '1/2/3', '1/999999999'])('refuses --shard %s', async (shard) => {
    const { code, stderr } = await obeyed(['run', 'small.run.yaml', '--shard', shard], at);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected i/n, such as 2/4');
  });

  it('refuses --until-decided with it', async () => {
    const { code, stderr } = await obeyed(['run', 'small.run.yaml', '--shard', '1/2', '--until-decided'], at);
    expect(code).toBe(2);
    expect(stderr).toContain('--until-decided and --shard do not go together');
  });
});
