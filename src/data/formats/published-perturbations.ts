import type { DataFormat, PathHead } from '../source.js';
import { PerturbedOptions } from './perturbed-spec.js';

/** Those that no corruption is called. */
const TELLING = ['rotate', 'translate', 'tilt', 'scale', 'shear'].map((name) => `${name}.npy`);

/** A file of sequences of frames for every perturbation: CIFAR-10-P. */
export const cifarP: DataFormat = {
  name: 'cifar-p',
  title: 'CIFAR-P (a .npy file of sequences for every perturbation)',
  options: PerturbedOptions,
  sequences: true,
  recognises: ({ entries = [] }: PathHead) => TELLING.some((name) => entries.includes(name)),
  open: async (spec) => (await import('./cifar-p-images.js')).openCifarP(spec),
};
