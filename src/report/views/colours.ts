import type { Results } from '../../suites/results.js';
import { createPalette } from '../plots/palette.js';

/** CSS colour per system name, as in the plots. */
export type Colours = ReadonlyMap<string, string>;

export function systemColours(results: Results): Colours {
  const names = results.systems.map((s) => s.name);
  const colours = createPalette(names).colours(names);
  return new Map(names.map((name, i) => [name, colours[i]!]));
}
