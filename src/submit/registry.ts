import { Registry } from '../registry.js';
import { github } from './github.js';
import { kubernetes } from './kubernetes.js';
import { slurm } from './slurm.js';
import type { Target } from './submission.js';

/** Every kind of cluster that runs are submitted to. A new one is a file and a row. */
export const targets = Registry.of<Target>('submission target', [slurm, kubernetes, github]);
