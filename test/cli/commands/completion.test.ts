import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandNames } from '../../../src/cli/commands.js';
import { launch, MAIN } from '../../e2e/assay.js';

const script = async (shell: string): Promise<string> => {
  const { code, stdout } = await launch(process.execPath, [MAIN, 'completion', shell], '.').ended;
  expect(code).toBe(0);
  return stdout;
};

const found = (shell: string) => spawnSync(shell, ['--version']).status === 0;

describe.skipIf(!found('bash'))('completion in bash', async () => {
  const bash = await script('bash');
  /** What bash offers for the last of some words. */
  const offered = (...words: string[]): string[] => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const ask = `${bash}
COMP_WORDS=(assay ${quoted}); COMP_CWORD=${words.length}; _assay; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  };

  it('offers every command', () => {
    expect(offered('')).toEqual([...commandNames, 'help', '--help', '--version']);
    expect(offered('ins')).toEqual(['inspect']);
  });

  it('offers the options of a command, and what a value can be', () => {
    expect(offered('run', 'a.run.yaml', '--eng')).toEqual(['--engine']);
    expect(offered('run', 'a.run.yaml', '--engine', '')).toEqual(['ort', 'tfjs']);
    expect(offered('init', '--')).toEqual(expect.arrayContaining(['--checkpoint', '--data', '--help']));
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('leaves files to the shell', () => {
    expect(offered('run', '')).toEqual([]);
    expect(offered('run', '--out', '')).toEqual([]);
    // The value of an option is no command.
    expect(offered('run', '--out', 'gate', '--lim')).toEqual(['--limit']);
  });
});

// The others are read by their shells where those are installed.
it.each(['bash', 'zsh', 'fish'])('%s reads its script', async (shell) => {
  const text = await script(shell);
  for (const name of commandNames) expect(text).toContain(name);
  if (shell !== 'bash') expect(text).toContain('sessions side by side');
  if (!found(shell)) return;
  const { status, stderr } = spawnSync(shell, ['-n'], { input: text, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
