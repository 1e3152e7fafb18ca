import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { targets } from '../../src/submit/registry.js';
import type { Settings, Submission, Target } from '../../src/submit/submission.js';
import { jobProblems } from './job-schema.js';

const HOSTILE = `a 'b' "c" $(touch pwned) \`touch pwned\` ; touch pwned & #é\\ \n: - {x}.run.yaml`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-submit-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A command that writes down the words it is given, one JSON list a line. */
function recorder(at: string): string {
  const file = join(at, 'assay');
  const script = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(join(at, 'words'))}, JSON.stringify(process.argv.slice(2)) + '\\n');`;
  writeFileSync(file, `#!/usr/bin/env node\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
const heard = (at: string): string[][] =>
  readFileSync(join(at, 'words'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const submission = (
  at: string,
  more: Partial<Omit<Submission, 'settings'>> & { settings?: Partial<Settings> } = {},
): Submission => ({
  title: 'Big: a "run"\n#',
  slug: 'big',
  shards: 3,
  run: ['run', HOSTILE, '--limit', '100'],
  out: join(at, "o'ut $HOME $$ $(HOME) %j"),
  assay: [recorder(at)],
  seconds: 7200,
  ...more,
  settings: {
    cpus: 4,
    memory: '8G',
    mount: at,
    runner: 'ubuntu-latest',
    image: 'registry.example/assay:0.1.0',
    claim: 'models',
    install: 'npm install --global ./assay-0.1.0.tgz',
    ...more.settings,
  },
});

const sh = (at: string, script: string, env: object = {}, words: string[] = []) =>
  execFileSync('bash', ['-c', script, 'bash', ...words], {
    cwd: at,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });

/** A word of a command as a container gets it: https://github.com/kubernetes/design-proposals-archive/blob/main/node/expansion.md */
const inPod = (word: string, env: Readonly<Record<string, string>>): string =>
  word.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name?: string) =>
    name === undefined ? '$' : (env[name] ?? found),
  );

const named = (name: string): Target => targets.named(name);

/** What every target comes to where its steps are run by a shell: the words of each shard, and of the merge. */
function expectWords(at: string, { run, out, shards }: Submission, parts: (i: number) => string) {
  const words = heard(at);
  const each = Array.from({ length: shards }, (_, i) => i + 1);
  expect(words.slice(0, shards)).toEqual(
    each.map((i) => [...run, '--shard', `${i}/${shards}`, '--out', parts(i)]),
  );
  expect(words[shards]).toEqual(['merge', ...each.map(parts), '--out', out]);
  expect(() => readFileSync(join(at, 'pwned'))).toThrow();
}

describe('what is submitted', () => {
  it('to slurm is a script that submits an array and a merge that depends on it', () => {
    const at = folder();
    const given = submission(at);
    const script = join(at, 'big.slurm.sh');
    writeFileSync(script, named('slurm').write(given).text);
    // In place of sbatch: what it is asked, and a job's number.
    writeFileSync(
      join(at, 'sbatch'),
      `#!/bin/bash\nprintf '%s\\n' "$*" >> '${at}/asked'\necho '42;cluster'\n`,
    );
    chmodSync(join(at, 'sbatch'), 0o755);
    const env = { PATH: `${at}:${process.env.PATH}` };
    expect(sh(at, 'bash "$1"', env, [script])).toContain('array 42, merge 42');
    const [array, merge] = readFileSync(join(at, 'asked'), 'utf8').trim().split('\n');
    expect(array).toContain('--array=1-3 --job-name=big --mem=8G --cpus-per-task=4 --time=240');
    expect(array).toMatch(/ shard$/);
    // What Slurm makes of %j there is another folder, which is not there.
    const logs = `${given.out}.shards/logs`;
    for (const log of ['%a.log', 'merge.log'])
      expect(`${array}\n${merge}`).toContain(` --output=${logs.replace('%j', '%%j')}/${log} `);
    expect(merge).toContain('--dependency=afterok:42 --kill-on-invalid-dep=yes');
    for (const i of [1, 2, 3]) sh(at, 'bash "$1" shard', { SLURM_ARRAY_TASK_ID: String(i) }, [script]);
    sh(at, 'bash "$1" merge', {}, [script]);
    expectWords(at, given, (i) => `${given.out}.shards/${i}-of-3`);
  });

  it('to slurm is refused where Slurm would look for logs under another name', () => {
    const at = folder();
    const script = join(at, 'big.slurm.sh');
    writeFileSync(script, named('slurm').write(submission(at, { out: join(at, 'a\\b') })).text);
    writeFileSync(join(at, 'sbatch'), '#!/bin/bash\ntouch asked\n', { mode: 0o755 });
    const submitted = spawnSync('bash', [script], {
      cwd: at,
      env: { ...process.env, PATH: `${at}:${process.env.PATH}` },
      encoding: 'utf8',
    });
    expect([submitted.status, submitted.stderr]).toEqual([2, expect.stringContaining('no backslash')]);
    expect(existsSync(join(at, 'asked'))).toBe(false);
  });

  it('to kubernetes are Jobs of the published form', () => {
    const at = folder();
    const given = submission(at, { settings: { namespace: 'lab', gpus: 1 } });
    const { text, next } = named('kubernetes').write(given);
    const jobs = parseAllDocuments(text).map((document) => document.toJS());
    expect(jobs.flatMap(jobProblems)).toEqual([]);
    const [array, merge] = jobs;
    expect(array.spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 3,
      template: { spec: { activeDeadlineSeconds: 14_400 } },
    });
    expect(merge.spec).toMatchObject({ suspend: true });
    expect(next('big.k8s.yaml')).toEqual([
      'kubectl --namespace lab apply --filename big.k8s.yaml',
      expect.stringContaining('kubectl --namespace lab wait --for=condition=complete'),
    ]);
    const script = (job: { spec: { template: { spec: { containers: { command: string[] }[] } } } }) =>
      inPod(job.spec.template.spec.containers[0]!.command[2]!, { HOME: '/root' });
    for (const i of [0, 1, 2]) sh(at, script(array), { JOB_COMPLETION_INDEX: String(i) });
    sh(at, script(merge));
    expectWords(at, given, (i) => `${given.out}.shards/${i}-of-3`);
  });

  it.each([
    ['completes', 'complete', 0],
    ['fails', 'failed', 1],
  ])('to kubernetes is let go when the Job %s, or never', (_, condition, status) => {
    const at = folder();
    const [, letGo] = named('kubernetes').write(submission(at)).next('big.k8s.yaml');
    // The Job comes to its end while the second wait for it is on.
    writeFileSync(
      join(at, 'kubectl'),
      `#!/bin/sh
echo "$*" >> asked
case "$*" in *--for=condition=${condition}*) [ "$(grep -c condition=complete asked)" -gt 1 ];; *patch*) ;; *) false;; esac`,
    );
    chmodSync(join(at, 'kubectl'), 0o755);
    const ended = spawnSync('bash', ['-c', `sleep() { :; }\n${letGo}`], {
      cwd: at,
      env: { ...process.env, PATH: `${at}:${process.env.PATH}` },
    });
    expect(ended.status).toBe(status);
    const patched = `patch job/big-merge --patch {"spec":{"suspend":false}}`;
    expect(readFileSync(join(at, 'asked'), 'utf8').includes(patched)).toBe(status === 0);
  });

  it.each([
    ['.github/workflows/big.yml', []],
    ['./.github/workflows/big.yaml', []],
    ['g.yml', ['mkdir -p .github/workflows && mv -- g.yml .github/workflows/g.yml']],
    ['ci/a b.yml', ["mkdir -p .github/workflows && mv -- 'ci/a b.yml' '.github/workflows/a b.yml'"]],
    [
      '.github/workflows/big',
      ['mkdir -p .github/workflows && mv -- .github/workflows/big .github/workflows/big.yml'],
    ],
  ])('to github is moved to where GitHub looks for it: %s', (file, moved) => {
    const next = named('github').write(submission(folder())).next(file);
    expect(next.slice(0, -3)).toEqual(moved);
    expect(next.at(-3)).toMatch(/^git add '?(\.\/)?\.github\/workflows\//);
    expect(next.at(-1)).toMatch(/^gh workflow run '?[a-z ]+\.ya?ml'?$/);
  });

  it('to github is a workflow whose steps run in a shell', () => {
    const at = folder();
    const given = submission(at);
    const { jobs, ...workflow } = parse(named('github').write(given).text);
    expect(workflow).toMatchObject({ on: { workflow_dispatch: {} }, permissions: { contents: 'read' } });
    expect(jobs.measure.strategy.matrix).toEqual({ shard: [1, 2, 3] });
    expect(jobs.merge.needs).toBe('measure');
    const steps = (job: { steps: { name?: string; run?: string }[] }, name: string) =>
      job.steps.find((step) => step.name === name)?.run ?? '';
    for (const i of jobs.measure.strategy.matrix.shard)
      sh(at, steps(jobs.measure, 'Measure a shard'), { SHARD: String(i) });
    sh(at, steps(jobs.merge, 'Merge'));
    expectWords(at, given, (i) => `shards/shard-${i}`);
  });

  it.each(['slurm'])('to %s pleases shellcheck, where it is', (name) => {
    const at = folder();
    const file = join(at, 'script.sh');
    writeFileSync(file, named(name).write(submission(at)).text);
    execFileSync('bash', ['-n', file]);
    try {
      execFileSync('shellcheck', ['--version']);
    } catch {
      console.warn('shellcheck is not installed: apt-get install shellcheck');
      return;
    }
    execFileSync('shellcheck', ['--severity=warning', file], { encoding: 'utf8' });
  });

  it.each(targets.names)('to %s is as the example shows it', async (name) => {
    const target = named(name);
    const { text } = target.write({
      title: 'Robustness of all models',
      slug: 'robustness',
      shards: 4,
      run: ['run', 'robustness.run.yaml', '--device', 'cuda'],
      out: 'assay-runs/robustness',
      assay: ['assay'],
      seconds: 5400,
      settings: {
        ...{ cpus: 4, memory: '16G', gpus: 1, partition: 'gpu', mount: '/work', runner: 'ubuntu-latest' },
        ...{ image: 'registry.example/assay:0.1.0', claim: 'models' },
        install: 'npm install --global ./assay-0.1.0.tgz',
      },
    });
    const file = target.file('robustness').split('/').at(-1);
    // Written anew with: npx vitest run test/submit/targets.test.ts --update
    await expect(text).toMatchFileSnapshot(`../../examples/cluster/${file}`);
  });

  const refusals: [string, string, (at: string) => Submission, object][] = [
    [
      'kubernetes',
      'no image',
      (at) => submission(at, { settings: { image: undefined } }),
      { details: { hint: 'add --image to the command' } },
    ],
    [
      'kubernetes',
      'no claim',
      (at) => submission(at, { settings: { claim: undefined } }),
      { details: { hint: 'add --claim to the command' } },
    ],
    [
      'github',
      'nothing that installs it',
      (at) => submission(at, { settings: { install: undefined } }),
      { details: { hint: 'add --install to the command' } },
    ],
    [
      'github',
      'an expression in a name',
      (at) => submission(at, { run: ['run', `${'$'}{{ secrets.X }}.yaml`] }),
      { code: 'config-invalid' },
    ],
    [
      'github',
      'more shards than a matrix has',
      (at) => submission(at, { shards: 257 }),
      { details: { found: '257' } },
    ],
    ['slurm', 'NUL in a name', (at) => submission(at, { run: ['run', 'a\0b'] }), { code: 'config-invalid' }],
  ];
  it.each(refusals)('to %s is refused with %s', async (name, _, given, expected) => {
    const at = folder();
    const writing = async () => named(name).write(given(at));
    await expect(writing()).rejects.toMatchObject(expected);
  });
});
