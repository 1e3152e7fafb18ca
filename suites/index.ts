import type { Suite } from '../src/suites/contract.js';
import { accuracy } from './accuracy.js';
import { attack } from './attack.js';
import { calibration } from './calibration.js';
import { ood } from './ood.js';
import { purification } from './purification.js';
import { robustOod } from './robust-ood.js';
import { transfer } from './transfer.js';

/** Every suite that comes with Assay. */
export const builtinSuites: readonly Suite[] = [
  accuracy,
  calibration,
  ood,
  attack,
  transfer,
  robustOod,
  purification,
];
