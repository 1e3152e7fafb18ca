import { forRanges } from '../../src/concurrency.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { imageSize } from '../../src/models/batching.js';
import type { Model } from '../../src/models/model.js';
import { stream } from '../../src/random/stream.js';
import { sgld } from '../../src/sampling/sgld.js';
import { onOneCore } from './one-core.js';
import { type Spent, spentOn } from './spent.js';

export interface SamplingOptions {
  chains: number;
  steps: number;
  batch: number;
  rounds: number;
}

/** Makes a model of so many images a call. */
export type Opens = (engine: Engine, batch: number) => Promise<Model>;

/**
 * One round: chains on all cores, the same gradient passes without them, and both on one core. That bare passes are not
 * as many times as fast on all cores as there are is the machine's and the engine's doing, and bounds what chains can be.
 */
export interface SamplingRound {
  chains: Spent;
  bare: Spent;
  oneCore: Spent;
  bareOneCore: Spent;
}

/** What SGLD takes beside as many bare gradient passes of log p(x), and on one core. They take turns; ratios count. */
export async function samplingRounds(
  open: Opens,
  { chains: n, steps, batch, rounds }: SamplingOptions,
): Promise<SamplingRound[]> {
  const engines = [createOrtEngine(), createOrtEngine({ sessions: 1, threads: 1 })];
  try {
    const [all, one] = (await Promise.all(engines.map((engine) => open(engine, batch)))) as [Model, Model];
    const noise = stream({ seed: 0, purpose: 'bench/chains', example: 0 });
    const size = imageSize(all.info);
    const start = Float32Array.from({ length: n * size }, () => noise.uniform());
    const keys = Array.from({ length: n }, (_, example) => ({ seed: 0, purpose: 'bench', example }));
    const climb = (model: Model) => () =>
      sgld(model, { n, pixels: start.slice(), keys }, { steps, stepSize: 0.01, noise: 0.01, clamp: 'box' });
    const bare = (model: Model) => async () => {
      const lanes = { step: batch, lanes: model.concurrency };
      await forRanges(n, lanes, async (from, to) => {
        const pixels = start.slice(from * size, to * size);
        for (let step = 0; step < steps; step++) await model.gradient({ n: to - from, pixels }, 'log-px');
      });
    };
    const turns = { chains: climb(all), bare: bare(all), oneCore: climb(one), bareOneCore: bare(one) };
    for (const turn of Object.values(turns)) await turn();
    const measured: SamplingRound[] = [];
    for (let round = 0; round < rounds; round++)
      measured.push({
        chains: await spentOn(turns.chains),
        bare: await spentOn(turns.bare),
        oneCore: await onOneCore(() => spentOn(turns.oneCore)),
        bareOneCore: await onOneCore(() => spentOn(turns.bareOneCore)),
      });
    return measured;
  } finally {
    for (const engine of engines) await engine.close();
  }
}
