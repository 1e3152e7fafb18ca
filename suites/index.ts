import type { Suite } from '../src/suite.js';
import { accuracy } from './accuracy/index.js';
import { attack } from './attack/index.js';
import { calibration } from './calibration/index.js';
import { certified } from './certified/index.js';
import { conformal } from './conformal/index.js';
import { consistency } from './consistency/index.js';
import { corruptions } from './corruptions/index.js';
import { energy } from './energy/index.js';
import { jem } from './jem/index.js';
import { ood } from './ood/index.js';
import { purification } from './purification/index.js';
import { robustOod } from './robust-ood/index.js';
import { samples } from './samples/index.js';
import { smoothing } from './smoothing/index.js';
import { spatial } from './spatial/index.js';
import { transfer } from './transfer/index.js';

/** Every suite that comes with Assay. */
export const builtinSuites: readonly Suite[] = [
  accuracy,
  calibration,
  conformal,
  corruptions,
  consistency,
  spatial,
  ood,
  energy,
  attack,
  certified,
  smoothing,
  transfer,
  robustOod,
  purification,
  jem,
  samples,
];
