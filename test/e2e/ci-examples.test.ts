// @module-tag slow
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Ended, folder, launch, MAIN } from './assay.js';
import { project } from './project.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const PASSES = { measure: 'accuracy', where: { model: 'sharp' }, min: 0.5 };
const FAILS = { measure: 'accuracy', where: { model: 'flat' }, min: 1.1 };
type Code = 0 | 1 | 2;
const made = new Map<Code, string>();
afterAll(() => {
  for (const at of made.values()) rmSync(at, { recursive: true });
});

/** A repository whose run ends with that code. Tests share it: what is measured is not measured again. */
function repository(code: Code): string {
  const at = made.get(code) ?? mkdtempSync(join(tmpdir(), 'assay-ci-'));
  made.set(code, at);
  const gates = [PASSES, ...(code === 1 ? [FAILS] : [])];
  // There are no OOD images: something cannot be measured.
  const broken = { datasets: { test: { path: './test.npz' } }, suites: ['accuracy', 'ood'] };
  if (!existsSync(join(at, 'small.run.yaml')))
    project(at, { suites: ['accuracy'], gates, ...(code === 2 && broken) }, 12);
  return at;
}

/** A folder with programs of that name, to stand before others in PATH. */
function programs(scripts: Record<string, string>): string {
  const bin = folder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return `${bin}${delimiter}${process.env.PATH}`;
}
const assayInPath = () => programs({ assay: `exec '${process.execPath}' '${MAIN}' "$@"` });

interface Step {
  id?: string;
  name?: string;
  if?: string;
  shell?: string;
  uses?: string;
  with?: Record<string, string>;
  env?: Record<string, string>;
  run?: string;
}
type Contexts = Record<string, unknown>;

/** `${{ a.b.c }}` as GitHub fills it in; nothing where there is none. */
const filled = (text: string, contexts: Contexts): string =>
  text.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, path: string) => {
    const value = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], contexts);
    return String(value ?? '');
  });

/** Runs the shell steps of a job or action one after the other, as the runner does, until one fails. */
async function runSteps(steps: readonly Step[], cwd: string, env: NodeJS.ProcessEnv, contexts: Contexts) {
  const outputs: Record<string, { outputs: Record<string, string> }> = {};
  const ended: Ended[] = [];
  for (const step of steps.filter(({ run }) => run !== undefined)) {
    const script = join(folder(), 'script.sh');
    const output = join(folder(), 'output');
    writeFileSync(script, filled(step.run ?? '', { ...contexts, steps: outputs }));
    writeFileSync(output, '');
    const given = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, text]) => [
        name,
        filled(text, { ...contexts, steps: outputs }),
      ]),
    );
    const { ended: end } = launch('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], cwd, {
      ...env,
      ...given,
      GITHUB_OUTPUT: output,
    });
    ended.push(await end);
    const lines = readFileSync(output, 'utf8').trim().split('\n');
    if (step.id) outputs[step.id] = { outputs: Object.fromEntries(lines.map((line) => line.split('='))) };
    if (ended.at(-1)?.code !== 0) break;
  }
  return { outputs, last: ended.at(-1) as Ended };
}

const action: {
  inputs: Record<string, { default?: string; required?: boolean }>;
  outputs: Record<string, { value: string }>;
  runs: { using: string; steps: Step[] };
} = parse(read('action.yml'));

/** The action on a repository, with inputs, and what it gives. */
async function act(at: string, given: Record<string, string>) {
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, { default: usual = '' }]) => [name, given[name] ?? usual]),
  );
  const summary = join(folder(), 'summary.md');
  const env = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: at,
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_ACTION_PATH: root,
  };
  const { outputs, last } = await runSteps(action.runs.steps, at, env, { inputs });
  const values = Object.entries(action.outputs).map(([name, { value }]) => [
    name,
    filled(value, { inputs, steps: outputs }),
  ]);
  const written: Record<string, string> = Object.fromEntries(values);
  return { ...last, written, summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '' };
}

describe('action.yml', () => {
  it('takes nothing from an input or an event as text of a script', () => {
    expect(action.runs.using).toBe('composite');
    for (const { run, shell } of action.runs.steps)
      expect([run?.includes('${{'), shell]).toEqual([false, 'bash']);
  });

  it.each([0, 1, 2] as const)('ends with %i as the run does, and its files are there', async (code) => {
    const at = repository(code);
    const { written, summary, ...ended } = await act(at, { 'run-file': 'small.run.yaml', out: 'out' });
    expect(ended.code).toBe(code);
    expect(written).toEqual({
      'exit-code': String(code),
      report: 'out',
      junit: 'out/ci/junit.xml',
      sarif: 'out/ci/gates.sarif',
      comment: 'out/ci/comment.md',
    });
    for (const name of ['junit', 'sarif', 'comment'] as const)
      expect(existsSync(join(at, written[name]!)), name).toBe(true);
    expect(existsSync(join(at, 'out', 'report.html'))).toBe(true);
    expect(readFileSync(join(at, written.comment!), 'utf8')).toBe(summary.slice(0, -1));
    const annotations = ended.stderr.match(/^::error .*/gm) ?? [];
    expect(annotations).toHaveLength([0, 1, 2][code]!);
  });

  it('passes arguments on, one a line, whatever they hold', async () => {
    const at = repository(0);
    writeFileSync(join(at, 'a b; $(touch hacked).run.yaml'), readFileSync(join(at, 'small.run.yaml')));
    const { code, written } = await act(at, {
      'run-file': 'a b; $(touch hacked).run.yaml',
      out: 'my out',
      arguments: '--limit\n6\n',
    });
    expect([code, existsSync(join(at, 'hacked'))]).toEqual([0, false]);
    const { config } = JSON.parse(readFileSync(join(at, written.report!, 'results.json'), 'utf8'));
    expect(config.limit).toBe(6);
  });

  it('has no files where there are no verdicts, though there were some', async () => {
    const at = repository(0);
    mkdirSync(join(at, 'out', 'ci'), { recursive: true });
    writeFileSync(join(at, 'out', 'ci', 'junit.xml'), 'of yesterday');
    const { code, written } = await act(at, { 'run-file': 'absent.yaml', out: 'out' });
    expect([code, written['exit-code']]).toEqual([2, '2']);
    expect(existsSync(join(at, written.junit!))).toBe(false);
  });
});

describe('examples/ci', () => {
  it('github.yml uses the action as it is, and writes the comment that the action made', async () => {
    const { jobs, permissions } = parse(read('examples/ci/github.yml'));
    const steps: Step[] = jobs.gates.steps;
    expect(permissions).toMatchObject({
      contents: 'read',
      'pull-requests': 'write',
      'security-events': 'write',
    });
    const use = steps.find(({ id }) => id === 'assay');
    for (const name of Object.keys(use?.with ?? {})) expect(Object.keys(action.inputs)).toContain(name);
    for (const [name, { required }] of Object.entries(action.inputs))
      if (required) expect(use?.with).toHaveProperty(name);
    for (const [, name] of read('examples/ci/github.yml').matchAll(/steps\.assay\.outputs\.([\w-]+)/g))
      expect(Object.keys(action.outputs)).toContain(name);
    for (const { run } of steps) expect(run ?? '').not.toContain('${{');

    const at = repository(1);
    const { code, written } = await act(at, { ...use?.with, out: 'out' });
    expect(code).toBe(1);
    // What stands in for GitHub's own command writes down what it was asked.
    const env = { PATH: programs({ gh: `printf '%s\\n' "$@" > asked; cp "\${@: -1}" body.md` }) };
    const contexts = {
      steps: { assay: { outputs: written } },
      github: { token: 't', event: { pull_request: { number: 7 } } },
    };
    const shell = steps.filter(({ run }) => run !== undefined);
    const { last } = await runSteps(
      shell.map((step) => ({
        ...step,
        env: Object.fromEntries(
          Object.entries(step.env ?? {}).map(([name, text]) => [name, filled(text, contexts)]),
        ),
      })),
      at,
      env,
      contexts,
    );
    expect(last.code).toBe(0);
    const asked = readFileSync(join(at, 'asked'), 'utf8').trim().split('\n');
    expect(asked.slice(0, 3)).toEqual(['pr', 'comment', '7']);
    expect(readFileSync(join(at, 'body.md'), 'utf8')).toContain('## ❌ Assay: 1 of 2 gates failed');
  });

  it('gitlab.yml runs, and its report of tests is where it says', async () => {
    const { assay: job } = parse(read('examples/ci/gitlab.yml'));
    const at = repository(1);
    const env = { PATH: assayInPath(), CI_PROJECT_DIR: at, GITLAB_CI: 'true' };
    // GitLab joins the lines of a script like this.
    const { ended } = launch('bash', ['-eo', 'pipefail', '-c', job.script.join('\n')], at, env);
    expect(await ended).toMatchObject({ code: 1 });
    expect(job.artifacts.when).toBe('always');
    expect(readFileSync(join(at, job.artifacts.reports.junit), 'utf8')).toContain('tests="2" failures="1"');
    for (const path of [...job.artifacts.paths, ...job.cache.paths])
      expect(existsSync(join(at, path)), path).toBe(true);
  });

  it.each([
    [0, /^passed: out\/report\.html\n$/],
    [1, /^a gate failed: out\/report\.html\n$/],
    [2, /^not everything could be measured: see above\n$/],
  ] as const)('gate.sh ends with %i', async (code, says) => {
    const at = repository(code);
    const args = [join(root, 'examples/ci/gate.sh'), 'small.run.yaml', 'out'];
    const ended = await launch('bash', args, at, { PATH: assayInPath() }).ended;
    expect([ended.code, ended.stdout]).toEqual([code, expect.stringMatching(says)]);
    expect(readFileSync(join(at, 'out', 'ci', 'junit.xml'), 'utf8')).toMatch(/<\/testsuites>\n$/);
    expect(JSON.parse(readFileSync(join(at, 'out', 'ci', 'badge.json'), 'utf8'))).toMatchObject({
      schemaVersion: 1,
    });
  });
});
