import { Registry } from '../../registry.js';
import { aps } from './aps.js';
import { lac } from './lac.js';
import { margin } from './margin.js';
import { raps } from './raps.js';
import { saps, sapsTorchcp } from './saps.js';
import type { ConformalScore } from './score.js';

export const conformalScores = Registry.of<ConformalScore>('conformal score', [
  lac,
  aps,
  raps,
  saps,
  margin,
  sapsTorchcp,
]);
