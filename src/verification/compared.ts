import { AssayError } from '../errors.js';
import { Bench, type BenchOptions } from './bench.js';
import type { Outcome } from './category.js';
import { besideResults, readCounterexample } from './counterexample.js';
import type { Expected } from './expected.js';
import type { Instance } from './instances.js';

/** How verdicts and those of somebody else lie to each other: numbers of instances. */
export interface Compared {
  agree: number;
  oursOnly: number;
  theirsOnly: number;
  neither: number;
  /** What they have no line of. */
  absent: number;
  contradictions: Contradiction[];
}

/** One says sat, the other unsat. */
export interface Contradiction {
  onnx: string;
  vnnlib: string;
  ours: 'sat' | 'unsat';
  theirs: 'sat' | 'unsat';
  /** Of their file. */
  line: number;
  /** The counterexample that decides between them, where there is one. */
  witness?: string;
  /** Whose verdict it refutes; undefined where nothing does. */
  refuted?: 'ours' | 'theirs';
  /** What was found. */
  why: string;
}

/** What a counterexample says of a contradiction. */
type Settled = Pick<Contradiction, 'witness' | 'refuted' | 'why'>;

/**
 * Holds outcomes against what others found. Where one says sat and the other unsat, a counterexample settles it: ours was run; theirs is
 * looked for beside their results, and run.
 * @param file of their results
 */
export async function comparedWith(
  instances: readonly Instance[],
  outcomes: readonly Outcome[],
  expected: readonly (Expected | undefined)[],
  { file, ...options }: BenchOptions & { file: string },
): Promise<Compared> {
  const found: Compared = { agree: 0, oursOnly: 0, theirsOnly: 0, neither: 0, absent: 0, contradictions: [] };
  for (const [at, outcome] of outcomes.entries()) {
    const theirs = expected[at];
    const ours = outcome.result === 'sat' || outcome.result === 'unsat' ? outcome.result : undefined;
    if (!theirs) found.absent++;
    else if (theirs.verdict === 'undecided') found[ours ? 'oursOnly' : 'neither']++;
    else if (!ours) found.theirsOnly++;
    else if (ours === theirs.verdict) found.agree++;
    else {
      const { witness } = outcome;
      const settled: Settled =
        ours === 'sat'
          ? { ...(witness !== undefined && { witness }), refuted: 'theirs', why: 'it was run by itself' }
          : await tried(instances[at]!, theirs, file, options);
      found.contradictions.push({
        onnx: outcome.onnx,
        vnnlib: outcome.vnnlib,
        ours,
        theirs: theirs.verdict,
        line: theirs.line,
        ...settled,
      });
    }
  }
  return found;
}

/** What their counterexample says. */
async function tried(
  instance: Instance,
  theirs: Expected,
  file: string,
  options: BenchOptions,
): Promise<Settled> {
  const witness = await besideResults(file, theirs);
  if (witness === undefined) return { why: 'no counterexample lies beside their results' };
  const bench = new Bench(options);
  try {
    const why = await bench.refusal(instance, await readCounterexample(witness));
    return why === undefined
      ? { witness, refuted: 'ours', why: 'it lies in the box, and was run here' }
      : { witness, why };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { witness, why: `it cannot be read: ${error.message}` };
  } finally {
    await bench.close();
  }
}
