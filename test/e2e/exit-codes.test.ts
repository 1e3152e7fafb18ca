import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, launch, MAIN } from './assay.js';
import { project, savedResults } from './project.js';

/** The command through bash, with a redirection behind it. */
const redirected = (args: string, to: string, cwd: string) =>
  launch('bash', ['-c', `set -o pipefail; '${process.execPath}' '${MAIN}' ${args} ${to}`], cwd).ended;

describe.skipIf(!existsSync('/dev/full'))('output that cannot be written', () => {
  it.each([
    ['--help', '> /dev/full', 2, /^error\[output-unwritable\]: standard output.*ENOSPC/],
    ['doctor --json', '> /dev/full', 2, /^error\[output-unwritable\]: standard output.*ENOSPC/],
    ['run absent.yaml', '2> /dev/full', 2, /^$/],
    ['--help', '| head -c 1 > /dev/null', 0, /^$/],
  ])('%s %s ends with %i', async (args, to, code, says) => {
    const ended = await redirected(args, to, '.');
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr.trim()).toMatch(says);
  });

  it('harms no run', async () => {
    const at = folder();
    project(at, { suites: ['accuracy'] }, 12);
    const run = 'run small.run.yaml --out out';
    expect(await redirected(run, '> /dev/full 2> /dev/full', at)).toMatchObject({ code: 2 });
    expect(savedResults(join(at, 'out')).status).toBe('complete');
  });
});

it('what nobody caught ends with 2', async () => {
  const at = folder();
  mkdirSync(join(at, 'x'));
  const script = `import { guardExitCode } from ${JSON.stringify(new URL('../../dist/src/cli/terminal/exit-code.js', import.meta.url).href)};
    guardExitCode();`;
  for (const fault of [
    'Promise.reject(new Error("lost"));',
    'setTimeout(() => { throw new Error("lost"); });',
    'await new Promise(() => {});',
  ]) {
    const ended = await launch(process.execPath, ['--input-type=module', '-e', script + fault], at).ended;
    expect([ended.code, ended.stderr], fault).toEqual([
      2,
      expect.stringMatching(/^error\[bug\]: (lost|ended)/),
    ]);
  }
});
