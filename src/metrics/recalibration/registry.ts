import { Registry } from '../../registry.js';
import { beta } from './beta.js';
import { dirichlet } from './dirichlet.js';
import { histogram } from './histogram.js';
import { isotonic } from './isotonic.js';
import { matrix } from './matrix.js';
import { oneVsRest } from './one-vs-rest.js';
import { platt } from './platt.js';
import type { Recalibrator } from './recalibrator.js';
import { temperature } from './temperature.js';
import { topLabel } from './top-label.js';
import { vector } from './vector.js';

const binary = [platt, beta, isotonic, histogram];

export const recalibrators = Registry.of<Recalibrator>('recalibrator', [
  temperature,
  vector,
  matrix,
  dirichlet,
  ...binary.map(oneVsRest),
  ...binary.map(topLabel),
]);
