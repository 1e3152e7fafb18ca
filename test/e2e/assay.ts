import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { obey } from '../../src/cli/program.js';

// Processes take their time on a machine that is busy with others.
/** Minutes that long tests take alone are many where others compute. */
const PATIENCE = process.env.ASSAY_LONG ? 1_800_000 : 300_000;
vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

/** The compiled command. */
export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts the real command. Errors when it was not built. */
export function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Started {
  if (!existsSync(MAIN)) throw new Error('build first: npm run build');
  return launch(process.execPath, [MAIN, ...args], cwd, env);
}

/** The real command in a process whose files may have at most so many KiB: writing fails as on a full disk. */
export function cramped(args: readonly string[], cwd: string, kib: number): Promise<Ended> {
  const script = `ulimit -f ${kib}; exec "$@"`;
  return launch('bash', ['-c', script, 'bash', process.execPath, MAIN, ...args], cwd, {}).ended;
}

/** Starts any command. */
export function launch(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Started {
  const child = spawn(command, args, {
    cwd,
    // On GitHub, errors would be annotations as well.
    env: { ...process.env, CI: '1', GITHUB_ACTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return { child, ended };
}

/** Runs the real command to its end. */
export function assay(args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Ended> {
  return start(args, cwd, env).ended;
}

/**
 * What a command line ends with and prints, without a process of its own, which is half a second of processor time: for
 * whatever is not about processes, beside one test that starts the real command. One at a time, since a process has one
 * working folder.
 */
export async function obeyed(args: readonly string[], cwd: string): Promise<Omit<Ended, 'signal'>> {
  const before = process.cwd();
  process.chdir(cwd);
  const stdout = heard(process.stdout);
  const stderr = heard(process.stderr);
  try {
    await obey(args);
    return { code: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.end();
    stderr.end();
    process.exitCode = undefined;
    // What --confine leaves for the threads of a process.
    delete process.env.ASSAY_CONFINE;
    process.chdir(before);
  }
}

/** What is written to a stream of this process from now on goes here alone. */
function heard(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const { write } = stream;
  let text = '';
  stream.write = (chunk: string | Uint8Array) => {
    text += chunk;
    return true;
  };
  return {
    text: () => text,
    end: () => {
      stream.write = write;
    },
  };
}

/** A folder that is gone after the test. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'assay-e2e-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
