import { execFileSync } from 'node:child_process';

const taskset = (...words: string[]) => execFileSync('taskset', words, { encoding: 'utf8' });

/**
 * Does work with all threads of this process on one core: a session of one thread takes that one alone, and the thread that
 * feeds it, which draws the noise of chains, a part of another. Errors: where there is no `taskset` (Linux, util-linux).
 */
export async function onOneCore<T>(work: () => Promise<T>): Promise<T> {
  const own = String(process.pid);
  // `pid 7's current affinity list: 0-3,8`
  const cores = taskset('--cpu-list', '--pid', own).trim().split(/\s+/).at(-1) ?? '';
  const first = /^\d+/.exec(cores)?.[0];
  if (first === undefined) throw new Error(`taskset names no cores: ${cores}`);
  const keepTo = (list: string) => taskset('--all-tasks', '--cpu-list', '--pid', list, own);
  keepTo(first);
  try {
    return await work();
  } finally {
    keepTo(cores);
  }
}
