import { existsSync } from 'node:fs';
import { type DeviceState, detectDevice } from '../../../src/engines/ort/device-state.js';

/** Debian's Chromium has a Vulkan driver that computes on the processor: WebGPU then needs no GPU. */
const SOFTWARE = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Whether WebGPU works here, in software where there is no other way; says so loudly when it does not. */
export async function webgpuState(): Promise<DeviceState> {
  if (process.platform === 'linux' && existsSync(SOFTWARE)) process.env.VK_ICD_FILENAMES ??= SOFTWARE;
  const state = await detectDevice('webgpu');
  if (!state.usable) console.warn(`\n!!! WebGPU is NOT tested: ${state.reason}; ${state.hint} !!!\n`);
  return state;
}
