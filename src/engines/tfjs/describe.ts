import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { didYouMean, unknownName } from '../../errors.js';
import { type AddonState, detectTfjsAddon } from '../tfjs-addon.js';
import { backendNames, backendRow } from './backends.js';

/** A backend that is (or is not) to be had on this machine. */
export interface BackendState {
  name: string;
  title: string;
  /** The optional package it comes from. */
  addon?: string;
  usable: boolean;
  /** Versions of its library, or why it cannot be used; empty where TensorFlow.js itself is all there is. */
  note: string;
  /** What to do about it. */
  hint?: string;
}

/** Version of the installed TensorFlow.js. */
export function tfjsVersion(): string {
  const manifest = createRequire(import.meta.url)('@tensorflow/tfjs/package.json') as { version: string };
  return manifest.version;
}

/** Whether a backend can be used here. Addons are tried in a process of their own. */
export async function backendState(name: string): Promise<BackendState> {
  const { title, addons } = backendRow(name);
  if (addons.length === 0) return { name, title, usable: true, note: '' };
  const states = await Promise.all(addons.map((addon) => detectTfjsAddon(addon)));
  for (const state of states)
    if (state.loads) {
      const note = `${state.package} ${state.version}, TensorFlow ${state.tensorflow} on the ${state.gpu ? 'GPU' : 'CPU'}`;
      return { name, title, addon: state.package, usable: true, note };
    }
  const first = states[0] as Exclude<AddonState, { loads: true }>;
  return { name, title, usable: false, note: first.reason, hint: first.hint };
}

/**
 * The backend that is asked for, or the first that can be used.
 * Errors: `unknown-name`; `engine-failed` when the one that is asked for cannot be used, with the remedy.
 */
export async function chooseBackend(device?: string): Promise<BackendState> {
  if (device !== undefined) {
    const guess = didYouMean(device, backendNames);
    if (!backendNames.includes(device))
      throw unknownName('device of the tfjs engine', device, backendNames, {
        hint: `leave it out to use the best available${guess ? `; did you mean "${guess}"?` : ''}`,
      });
    return backendState(device);
  }
  for (const name of backendNames) {
    const state = await backendState(name);
    if (state.usable) return state;
  }
  throw new Error('the plain backend is always usable');
}

/** Threads that compute side by side: one where the backend uses all cores by itself. */
export function defaultWorkers(backend: string): number {
  return backendRow(backend).parallel ? 1 : availableParallelism();
}
