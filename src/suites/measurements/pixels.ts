import type { SystemInfo } from '../../models/system.js';
import { float32, type RowsIn } from '../columns.js';
import { defineMeasurement } from '../contract.js';

const columns = ({ shape }: SystemInfo) => ({ pixels: float32(...shape) });

export type PixelRows = RowsIn<ReturnType<typeof columns>>;

/**
 * The images themselves, for thumbnails: `pixels` (n, C, H, W). Ask for the `first` few only. What it is asked of
 * does not matter; any system will do.
 */
export const pixels = defineMeasurement({
  name: 'pixels',
  version: 1,
  needs: [],
  unitSize: 256,
  passes: () => ({ forward: 0, gradient: 0 }),
  columns,
  async measure({ examples }) {
    return { pixels: examples.pixels.slice() };
  },
});
