import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { imageSize } from '../../src/models/batching.js';
import { stream } from '../../src/random/stream.js';
import { recordChains } from '../../src/sampling/adjoint.js';
import { type SgldState, sgld } from '../../src/sampling/sgld.js';
import type { Opens } from './sampling.js';

export interface ChainBenchOptions {
  /** Chains, in one call. */
  batch: number;
  steps: number;
  rounds: number;
}

/** One round: seconds of as many bare gradient passes as there are steps, of the chains, and of the way back. */
export interface ChainRound {
  bare: number;
  there: number;
  back: number;
  /** States of the chains that were kept at once. */
  peak: number;
}

/**
 * What a gradient through chains costs, in bare gradient passes of log p(x): the chains themselves, run so that one can go
 * back, and the way back. All three take turns; what counts are ratios within a round.
 */
export async function chainRounds(
  open: Opens,
  { batch: n, steps, rounds }: ChainBenchOptions,
): Promise<ChainRound[]> {
  const engine = createOrtEngine({ sessions: 1 });
  try {
    const model = await open(engine, n);
    const source = stream({ seed: 0, purpose: 'bench/chains', example: 0 });
    const pixels = Float32Array.from({ length: n * imageSize(model.info) }, () => source.uniform());
    const chains = (): SgldState => ({
      n,
      pixels: pixels.slice(),
      keys: Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'bench', example })),
    });
    const options = { stepSize: 1e-3, noise: 1e-3, clamp: 'none' as const, steps };
    const seconds = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return (performance.now() - start) / 1000;
    };
    // Sessions are made at the first call.
    await sgld(model, chains(), { ...options, steps: 1 });
    await model.hessianProduct({ n, pixels }, pixels);
    const measured: ChainRound[] = [];
    for (let round = 0; round < rounds; round++) {
      const bare = await seconds(async () => {
        for (let step = 0; step < steps; step++) await model.gradient({ n, pixels }, 'log-px');
      });
      let recorded: Awaited<ReturnType<typeof recordChains>> | undefined;
      const there = await seconds(async () => {
        recorded = await recordChains(model, chains(), options);
      });
      const back = await seconds(async () => recorded?.back(pixels));
      measured.push({ bare, there, back, peak: recorded?.peak() ?? 0 });
    }
    return measured;
  } finally {
    await engine.close();
  }
}
