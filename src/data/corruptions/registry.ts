import { Registry } from '../../registry.js';
import { brightness } from './brightness.js';
import { contrast } from './contrast.js';
import type { AnyCorruption } from './corruption.js';
import { gaussianNoise } from './gaussian-noise.js';

/** Every corruption that comes with Assay, in the order in which results are published. */
export const corruptions = Registry.of<AnyCorruption>('corruption', [gaussianNoise, brightness, contrast]);
