import { defineMeasurement } from '../contract.js';

/**
 * The images themselves, for thumbnails: `pixels` (n, C, H, W). Ask for the `first` few only. What it is asked of
 * does not matter; any system will do.
 */
export const pixels = defineMeasurement<Record<string, never>>({
  name: 'pixels',
  version: 1,
  needs: [],
  unitSize: 256,
  passes: () => ({ forward: 0, gradient: 0 }),
  async measure({ examples, system }) {
    return { pixels: { shape: [examples.n, ...system.info.shape], data: examples.pixels.slice() } };
  },
});
