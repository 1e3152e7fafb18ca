import { availableParallelism } from 'node:os';
import type { Attacked } from '../../src/attacks/scheduler.js';
import { publicAttacks } from './torch.js';

/** A run of ours to compare with. */
export interface Ours {
  /** Of the trained networks, with its files. */
  network: string;
  files: { checkpoint: string; data: string };
  norm: string;
  epsilon: number;
  methods: readonly string[];
  found: Attacked;
  /** Of the clock, and of all cores together: what neighbours on the machine change least. */
  ours: { seconds: number; processor: number };
}

/**
 * Prints what torchattacks finds of the same images here and now, and the share of its seconds that ours took.
 * Returns its seconds.
 * Errors: when PyTorch classifies clean images otherwise, since it is then another network.
 */
export function besideTorchattacks(python: string, { found, ours, ...work }: Ours): number {
  const n = found.correct.length;
  const theirs = publicAttacks(python, { ...work, n, threads: availableParallelism() });
  const apart = theirs.correct.filter((correct, i) => correct !== found.correct[i]).length;
  if (apart > 0) throw new Error(`PyTorch classifies ${apart} images otherwise: it is another network`);
  const sum = (what: 'seconds' | 'processor') => theirs.stages.reduce((all, stage) => all + stage[what], 0);
  const robust = (i: number) => found.correct[i] === 1 && found.brokenAt[i]! < 0;
  const missed = theirs.robust.filter((left, i) => !left && robust(i)).length;
  const more = theirs.robust.filter((left, i) => left && !robust(i)).length;
  const share = (what: 'seconds' | 'processor') =>
    `${ours[what].toFixed(1)} of ${sum(what).toFixed(1)} s (${(ours[what] / sum(what)).toFixed(3)})`;
  const stages = theirs.stages.map(
    ({ method, seconds, robust: left }) => `${method} ${seconds.toFixed(1)} s, ${left} left`,
  );
  console.log(
    `  beside torchattacks ${theirs.torchattacks} on PyTorch ${theirs.torch}: ${share('seconds')}, ` +
      `of the processor ${share('processor')}; ` +
      `of its survivors ${more} broken here, ${missed} broken there survive here; ${stages.join('; ')}`,
  );
  return sum('seconds');
}
