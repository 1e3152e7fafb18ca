import type { Graph } from '../../src/graph/graph.js';
import { modelOf } from '../../src/models/assemble.js';
import { chainRounds } from './chains.js';
import { type Opens, type SamplingOptions, samplingRounds } from './sampling.js';

/** What chains are meant to take. */
const AIMS = { step: 1.05, cores: 1.8, through: 3.5 };

export const opensGraph =
  (graph: Graph): Opens =>
  (engine, batchSize) => {
    const shape = (graph.inputs[0]!.dims ?? []).slice(1).map(Number);
    const classes = Number(graph.outputs[0]!.dims?.at(-1));
    return modelOf(graph, { name: 'bench', checkpoint: '', input: { shape }, classes, batchSize }, engine);
  };

/** Prints three ratios, each the median over rounds with its range, beside what is aimed at. */
export async function printSampling(open: Opens, options: SamplingOptions): Promise<void> {
  const { chains, steps, batch, rounds } = options;
  const line = (what: string, ratios: readonly number[], aim: string) => {
    const sorted = [...ratios].sort((a, b) => a - b);
    const [low, middle, high] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted[sorted.length - 1]!];
    const shown = `${middle.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
    console.log(`  ${what.padEnd(58)} ${shown.padEnd(26)} ${aim}`);
  };
  const taken = await samplingRounds(open, options);
  const pass = taken.map(({ bare }) => bare.seconds / (chains * steps)).sort((a, b) => a - b)[rounds >> 1]!;
  console.log(
    `${chains} chains of ${steps} SGLD steps, ${batch} a call; a bare gradient pass takes ${(1e3 * pass).toFixed(3)} ms`,
  );
  const beside = (of: 'seconds' | 'processor') => taken.map((round) => round.chains[of] / round.bare[of]);
  line('an SGLD step, in bare gradient passes: seconds', beside('seconds'), `aim: at most ${AIMS.step}`);
  line('the same: processor time', beside('processor'), '');
  line(
    'times as fast as on one core',
    taken.map(({ chains: all, oneCore }) => oneCore.seconds / all.seconds),
    `aim: at least ${AIMS.cores}`,
  );
  line(
    'the same of bare passes',
    taken.map(({ bare, bareOneCore }) => bareOneCore.seconds / bare.seconds),
    'what machine and engine give',
  );
  const back = await chainRounds(open, { batch, steps, rounds });
  line(
    'full gradient through the chains, in bare passes a step',
    back.map((round) => (round.there + round.back) / round.bare),
    `aim: at most ${AIMS.through}; ${back[0]!.peak} states kept at most`,
  );
}
