import { forRanges } from '../../src/concurrency.js';
import type { Engine } from '../../src/engines/engine.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { imageSize } from '../../src/models/batching.js';
import type { Model } from '../../src/models/model.js';
import { stream } from '../../src/random/stream.js';
import { sgld } from '../../src/sampling/sgld.js';
import type { Spent } from './mixed.js';

export interface SamplingOptions {
  chains: number;
  steps: number;
  batch: number;
  rounds: number;
}

/** Makes a model of so many images a call. */
export type Opens = (engine: Engine, batch: number) => Promise<Model>;

/** One round: chains on all cores, the same gradient passes without them, and chains on one core. */
export interface SamplingRound {
  chains: Spent;
  bare: Spent;
  oneCore: Spent;
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
    const bare = async () => {
      const lanes = { step: batch, lanes: all.concurrency };
      await forRanges(n, lanes, async (from, to) => {
        const pixels = start.slice(from * size, to * size);
        for (let step = 0; step < steps; step++) await all.gradient({ n: to - from, pixels }, 'log-px');
      });
    };
    const turns = { chains: climb(all), bare, oneCore: climb(one) };
    for (const turn of Object.values(turns)) await turn();
    const measured: SamplingRound[] = [];
    for (let round = 0; round < rounds; round++)
      measured.push({
        chains: await spentOn(turns.chains),
        bare: await spentOn(turns.bare),
        oneCore: await spentOn(turns.oneCore),
      });
    return measured;
  } finally {
    for (const engine of engines) await engine.close();
  }
}

async function spentOn(work: () => Promise<unknown>): Promise<Spent> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6 };
}
