import type { Measurement } from '../contract.js';
import { adaptiveAttack } from './adaptive-attack.js';
import { attack } from './attack.js';
import { attackPath } from './attack-path.js';
import { bestScore } from './best-score.js';
import { boundsLook } from './bounds-look.js';
import { certified } from './certified.js';
import { chainGradientDiagnostics } from './chain-gradients.js';
import { clean } from './clean.js';
import { corrupted } from './corrupted.js';
import { evade } from './evade.js';
import { features } from './features.js';
import { fit } from './fit.js';
import { fittedScore } from './fitted-score.js';
import { gaussianImages } from './gaussian-images.js';
import { hardestImages } from './hardest-images.js';
import { inputGradient } from './input-gradient.js';
import { localLipschitz } from './local-lipschitz.js';
import { nearestImages } from './nearest-images.js';
import { outputsOnPerturbed } from './outputs-on-perturbed.js';
import { outputsOnSamples } from './outputs-on-samples.js';
import { persistentSamples } from './persistent-samples.js';
import { pixels } from './pixels.js';
import { predictedClass } from './predicted-class.js';
import { probe } from './probe.js';
import { proved } from './proved.js';
import { purified } from './purified.js';
import { purifiedDraws } from './purified-draws.js';
import { purifiedImages } from './purified-images.js';
import { purifierExpansion } from './purifier-expansion.js';
import { repeatability } from './repeatability.js';
import { samples } from './samples.js';
import { scoreGrid } from './score-grid.js';
import { sequenceClasses } from './sequence-classes.js';
import { sgldTrace } from './sgld-trace.js';
import { smoothedCounts } from './smoothed-counts.js';
import { smoothedUntil } from './smoothed-until.js';
import { spatialGrid } from './spatial-grid.js';
import { storedChains } from './stored-chains.js';
import { trainMode } from './train-mode.js';
import { tunedOptions } from './tuned-options.js';
import { verify } from './verify.js';

/** Every measurement that comes with Assay: a plug-in's must have other names, since units go by them. */
// biome-ignore lint/suspicious/noExplicitAny: parameters and rows are of every measurement its own
export const builtinMeasurements: readonly Measurement<any>[] = [
  clean,
  corrupted,
  trainMode,
  features,
  fit,
  fittedScore,
  inputGradient,
  probe,
  scoreGrid,
  tunedOptions,
  bestScore,
  hardestImages,
  pixels,
  repeatability,
  attack,
  evade,
  verify,
  certified,
  boundsLook,
  proved,
  smoothedCounts,
  smoothedUntil,
  outputsOnPerturbed,
  purified,
  adaptiveAttack,
  chainGradientDiagnostics,
  purifiedDraws,
  purifierExpansion,
  purifiedImages,
  samples,
  gaussianImages,
  persistentSamples,
  sgldTrace,
  storedChains,
  outputsOnSamples,
  nearestImages,
  attackPath,
  localLipschitz,
  spatialGrid,
  predictedClass,
  sequenceClasses,
];
