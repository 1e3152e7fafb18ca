import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Trained networks with what the public AutoAttack found of them. */
export const reference = resolve('../shared/reference/trained');

/** One run of the public AutoAttack `standard`. */
export interface Published {
  norm: string;
  /** As written in fractions of 255 where it is one. */
  epsilon: string;
  /** The first images of the test set. */
  n: number;
  /** (n): 1 where no attack found anything. */
  robust: number[];
  robustAccuracy: number;
  seconds: number;
  /** By the name of the attack, as here: robust accuracy after it, and the seconds it took. */
  stages: Map<string, { robustAccuracy: number; seconds: number }>;
}

/** A network and its data, as a model card and a data set's file. */
export interface Trained {
  name: string;
  card: { name: string; checkpoint: string; input: { shape: number[]; range?: number[] }; classes: number };
  data: string;
  runs: Published[];
}

interface Entry {
  norm: string;
  epsilon: number;
  n: number;
  robust: number[];
  robust_accuracy: number;
  log: string[];
  seconds_2_cores: number;
}

export const trainedNames = ['cifar-baseline', 'cifar-jem', 'trades-mnist'];

/** Whether the reference is there to be read. */
export const referencePresent = () => existsSync(reference);

export function readTrained(name: string): Trained {
  const digits = name === 'trades-mnist';
  const { autoattack } = JSON.parse(readFileSync(join(reference, `${name}.json`), 'utf8'));
  const input = digits ? { shape: [1, 28, 28] } : { shape: [3, 32, 32], range: [-1, 1] };
  return {
    name,
    card: { name, checkpoint: join(reference, `${name}.pt`), input, classes: 10 },
    data: join(reference, digits ? 'mnist-test-500.npz' : 'cifar10-test-500.npz'),
    runs: (autoattack as Entry[]).map(published),
  };
}

function published(entry: Entry): Published {
  const stages: Published['stages'] = new Map();
  let before = 0;
  for (const line of entry.log) {
    const found = /after (\S+): ([\d.]+)% \(total time ([\d.]+) s\)/.exec(line);
    if (!found) continue;
    const until = Number(found[3]);
    stages.set(found[1]!.toLowerCase(), { robustAccuracy: Number(found[2]) / 100, seconds: until - before });
    before = until;
  }
  const levels = entry.epsilon * 255;
  const whole = Math.abs(levels - Math.round(levels)) < 1e-6 && entry.norm === 'Linf' && levels < 16;
  return {
    norm: entry.norm,
    epsilon: whole ? `${Math.round(levels)}/255` : String(entry.epsilon),
    n: entry.n,
    robust: entry.robust,
    robustAccuracy: entry.robust_accuracy,
    seconds: entry.seconds_2_cores,
    stages,
  };
}
