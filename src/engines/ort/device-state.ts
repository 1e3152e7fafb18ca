import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { askProcess } from '../ask-process.js';
import { compiledFile } from '../compiled.js';
import { accelerators, type DeviceRow } from './devices.js';
import type { ProbeAnswer } from './probe.js';

/** Whether onnxruntime computes on a device of this machine, and if not, why not and what to do. */
export type DeviceState =
  /** How far a small network is from the processor, relative to the largest value. */
  { usable: true; error: number } | { usable: false; reason: string; hint: string };

/** float32 sums in another order, and a GPU's exponentials, differ less. */
const TOLERANCE = 1e-3;

/** A GPU's libraries load from a slow disk in half a minute. */
const PATIENCE_MS = 120_000;

const useCpu = 'leave out --device: the processor computes everywhere';

/** Probes that are under way or done: a device does not change in between. */
const known = new Map<string, Promise<DeviceState>>();

/** Whether a device out of `accelerators` can be used. Tried in a process of its own, once. */
export function detectDevice(name: string): Promise<DeviceState> {
  const state = known.get(name) ?? probeDevice(name);
  known.set(name, state);
  return state;
}

/** Tries a device in a process of its own. @param patience milliseconds */
export async function probeDevice(name: string, patience = PATIENCE_MS): Promise<DeviceState> {
  const row = accelerators[name]!;
  const missing = row.libraries.length > 0 ? missingLibraries(row) : undefined;
  if (missing) return missing;
  const file = compiledFile('ort/probe.js', 'the probe of onnxruntime');
  const report = await askProcess<ProbeAnswer>(file, [name], patience);
  if ('late' in report) return { usable: false, reason: 'it did not start in time', hint: useCpu };
  if ('crash' in report)
    return explainDevice(name, `onnxruntime crashed (${report.crash})\n${report.stderr}`);
  if ('message' in report.answer) return explainDevice(name, `${report.answer.message}\n${report.stderr}`);
  const { error } = report.answer;
  if (error !== null && error <= TOLERANCE) return { usable: true, error };
  return {
    usable: false,
    reason: `it computes something else than the processor: relative difference ${error?.toExponential(1) ?? 'not a number'}`,
    hint: useCpu,
  };
}

/** Why a device does not work, from what onnxruntime and the loader said of it. */
export function explainDevice(name: string, said: string): DeviceState {
  for (const { said: pattern, reason, hint } of accelerators[name]!.failures) {
    const match = pattern.exec(said);
    if (match) return { usable: false, reason: reason(match), hint };
  }
  return { usable: false, reason: said.trim().split('\n')[0]!, hint: useCpu };
}

/** What is to be done where the package came without a provider's libraries; undefined where they are there. */
function missingLibraries({ title, libraries }: DeviceRow): DeviceState | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return {
      usable: false,
      reason: `onnxruntime-node has ${title} for Linux on x64 only, and this is ${process.platform} ${process.arch}`,
      hint: 'use the device webgpu',
    };
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const missing = libraries.find(
    (file) => !existsSync(join(folder, 'bin/napi-v6', process.platform, process.arch, file)),
  );
  if (!missing) return undefined;
  const script = relative(process.cwd(), join(folder, 'script/install.js'));
  return {
    usable: false,
    reason: `${missing} is not there: it is no part of onnxruntime-node's package, whose script downloads it`,
    hint: `\`node ${script} --onnxruntime-node-install=cuda12\`; it needs CUDA 12 and cuDNN 9 as well`,
  };
}
