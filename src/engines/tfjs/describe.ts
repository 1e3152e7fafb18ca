import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { unknownName } from '../../errors.js';
import { detectTfjsAddon } from '../tfjs-addon.js';
import { backendNames, backendRow } from './backends.js';

/** A backend that is (or is not) to be had on this machine. */
export interface BackendState {
  name: string;
  title: string;
  /** The optional package it comes from. */
  addon: string | undefined;
  usable: boolean;
  /** Version of its library, or why it cannot be used. */
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
  const { title, addon } = backendRow(name);
  if (!addon) return { name, title, addon, usable: true, note: tfjsVersion() };
  const state = await detectTfjsAddon(addon);
  return state.loads
    ? { name, title, addon, usable: true, note: `${addon} ${state.version}` }
    : { name, title, addon, usable: false, note: state.reason, hint: state.hint };
}

/**
 * The backend that is asked for, or the first that can be used.
 * Errors: `unknown-name`; `engine-failed` when the one that is asked for cannot be used, with the remedy.
 */
export async function chooseBackend(device?: string): Promise<BackendState> {
  if (device !== undefined) {
    if (!backendNames.includes(device)) throw unknownName('device of the tfjs engine', device, backendNames);
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
