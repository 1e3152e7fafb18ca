import type { ListedSuite } from '../src/suites/contract.js';

/** Every suite that comes with Assay. A run loads those that it names: together they are two hundred modules. */
export const builtinSuites: readonly ListedSuite[] = [
  { name: 'accuracy', load: async () => (await import('./accuracy/index.js')).accuracy },
  { name: 'calibration', load: async () => (await import('./calibration/index.js')).calibration },
  { name: 'conformal', load: async () => (await import('./conformal/index.js')).conformal },
  { name: 'corruptions', load: async () => (await import('./corruptions/index.js')).corruptions },
  { name: 'consistency', load: async () => (await import('./consistency/index.js')).consistency },
  { name: 'spatial', load: async () => (await import('./spatial/index.js')).spatial },
  { name: 'ood', load: async () => (await import('./ood/index.js')).ood },
  { name: 'energy', load: async () => (await import('./energy/index.js')).energy },
  { name: 'attack', load: async () => (await import('./attack/index.js')).attack },
  { name: 'certified', load: async () => (await import('./certified/index.js')).certified },
  { name: 'smoothing', load: async () => (await import('./smoothing/index.js')).smoothing },
  { name: 'transfer', load: async () => (await import('./transfer/index.js')).transfer },
  { name: 'robust-ood', load: async () => (await import('./robust-ood/index.js')).robustOod },
  { name: 'purification', load: async () => (await import('./purification/index.js')).purification },
  { name: 'jem', load: async () => (await import('./jem/index.js')).jem },
  { name: 'samples', load: async () => (await import('./samples/index.js')).samples },
];
