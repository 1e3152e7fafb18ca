/** A process that makes one run and says what it took: see `workers.ts`. */

import { readFileSync } from 'node:fs';
import { run } from '../../src/runs/run.js';

export interface Order {
  file: string;
  out: string;
  workers: number | undefined;
  limit: number | undefined;
}

/** In seconds. */
export interface Taken {
  /** Until the first unit begins: loading, planning, opening the network. */
  before: number;
  /** From then to the end of the last; what is left of the start of worker processes is in it. */
  units: number;
  /** Seconds of these in which a process that measures had no unit, all processes together. */
  idle: number;
  /** From then on: results and report. */
  after: number;
  /** Processor time of all of that, in all processes; NaN where the system does not tell. */
  processor: number;
}

/** Ticks of the processor in a second, on Linux (proc(5), USER_HZ). */
const TICKS = 100;

/** Of this process and of those that it started and that have ended. */
function processorSeconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    // utime, stime, cutime, cstime: the 14th to the 17th, of which the first two come before `) `.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
  } catch {
    return Number.NaN;
  }
}

async function timed({ file, out, workers, limit }: Order): Promise<Taken> {
  let [first, last] = [0, 0];
  let [running, since, idle] = [0, 0, 0];
  /** One process may have several units under way. */
  const lanes = workers ?? 1;
  const change = (by: number) => {
    const now = performance.now();
    if (running < lanes && first > 0) idle += (lanes - running) * (now - since);
    running += by;
    since = now;
  };
  await run(file, {
    out,
    sessions: 1,
    threads: 1,
    ...(workers !== undefined && { workers }),
    ...(limit !== undefined && { limit }),
    notify: ({ kind }) => {
      if (kind === 'unit-started') {
        change(1);
        first ||= performance.now();
      }
      if (kind === 'unit-finished') {
        change(-1);
        last = performance.now();
      }
    },
  });
  // `performance.now` begins with the process.
  return {
    before: first / 1000,
    units: (last - first) / 1000,
    idle: idle / 1000,
    after: (performance.now() - last) / 1000,
    processor: processorSeconds(),
  };
}

process.once('message', async (order: Order) => {
  process.send?.(await timed(order), () => process.disconnect());
});
