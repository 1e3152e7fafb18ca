import { describe, expect, it } from 'vitest';
import { PurifiedSystem } from '../../../src/models/defences/purification.js';
import type { PurifyOptions } from '../../../src/models/defences/purify-options.js';
import type { System } from '../../../src/models/system.js';
import { counted } from '../../../src/runs/measuring/counted-system.js';
import { analyticSystem, noiseImages } from '../../attacks/helpers/analytic-system.js';

const live = { call: () => () => undefined } as unknown as Parameters<typeof counted>[2];
const chain: PurifyOptions = {
  by: 'analytic',
  steps: 1000,
  stepSize: 0.01,
  noise: 0,
  inputNoise: 0,
  chains: 1,
  clamp: 'none',
  gradient: 'straight-through',
  seed: 'fresh',
};

describe('a system in a unit', () => {
  it.each(['forward', 'gradient'] as const)(
    'ends the chains of a defence when the run is ended: %s',
    async (ask) => {
      const bare = analyticSystem({
        weights: [
          [1, 2, -1, 0.5],
          [0, 1, 1, -1],
        ],
      });
      const ending = new AbortController();
      let asked = 0;
      const by: System = {
        ...bare,
        gradient: (batch, loss) => {
          if (++asked === 3) ending.abort();
          return bare.gradient(batch, loss);
        },
      };
      const passes = { forward: 0, gradient: 0 };
      const system = counted(new PurifiedSystem(bare, by, chain, 'pure'), passes, live, ending.signal);
      const batch = {
        n: 2,
        pixels: noiseImages(2, 4),
        labels: Int32Array.of(0, 1),
        keys: [0, 1].map((example) => ({ seed: 1, purpose: 'test', example })),
      };
      const answer = ask === 'forward' ? system.forward(batch) : system.gradient(batch, 'cross-entropy');
      await expect(answer).rejects.toMatchObject({ code: 'interrupted' });
      expect(asked).toBeLessThan(6);
    },
  );
});
