import { availableParallelism } from 'node:os';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import type { Graph } from '../../src/graph/graph.js';
import { modelOf } from '../../src/models/assemble.js';
import { stream } from '../../src/random/stream.js';
import { type Spent, spentOn } from './spent.js';

export interface MixedOptions {
  batch: number;
  /** Calls a layout makes a round, every other one a gradient. */
  calls: number;
  rounds: number;
}

/** As many threads as there are cores, over more and fewer sessions. */
const layouts = [
  { sessions: availableParallelism(), threads: 1 },
  { sessions: 1, threads: availableParallelism() },
];

/**
 * Forward and gradient calls of a network in turn, two of them at a time or as many as there are sessions, as attacks
 * make them. The layouts take turns; what counts are ratios within a round. Told is what a pass of one image took.
 */
export async function mixedRounds(
  graph: Graph,
  { batch: n, calls, rounds }: MixedOptions,
): Promise<{ layout: string; rounds: Spent[] }[]> {
  const input = graph.inputs[0]!;
  const shape = (input.dims ?? []).slice(1).map(Number);
  const classes = Number(graph.outputs[0]!.dims?.at(-1));
  const source = stream({ seed: 0, purpose: 'bench/mixed', example: 0 });
  const size = shape.reduce((a, d) => a * d, 1);
  const pixels = Float32Array.from({ length: n * size }, () => source.uniform());
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const engines = layouts.map((layout) => createOrtEngine(layout));
  try {
    const turns = await Promise.all(
      engines.map(async (engine) => {
        const card = { name: 'bench', checkpoint: '', input: { shape }, classes, batchSize: n };
        const model = await modelOf(graph, card, engine);
        const lane = async (first: number) => {
          for (let call = first; call < first + calls / 2; call++)
            await (call % 2 === 0
              ? model.forward({ n, pixels })
              : model.gradient({ n, pixels, labels }, 'cross-entropy'));
        };
        return async (): Promise<Spent> => {
          const { seconds, processor } = await spentOn(() => Promise.all([lane(0), lane(1)]));
          const passes = n * calls;
          return { seconds: seconds / passes, processor: processor / passes };
        };
      }),
    );
    const measured = layouts.map(({ sessions, threads }) => ({
      layout: `${sessions} sessions x ${threads} threads`,
      rounds: [] as Spent[],
    }));
    for (const turn of turns) await turn();
    for (let round = 0; round < rounds; round++)
      for (const [i, turn] of turns.entries()) measured[i]!.rounds.push(await turn());
    return measured;
  } finally {
    for (const engine of engines) await engine.close();
  }
}
