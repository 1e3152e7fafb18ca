import { forgetPeak, peakHeld } from '../src/engines/guard/peak-held.js';

/*
 * Memory of processes, by VmHWM of /proc/self/status. Not by `maxRSS`: on Linux a process that was started begins with the peak of the
 * one that started it, and nothing takes it down again. Elsewhere there is only that.
 */

/** This module, compiled, for a process that a test starts. */
export const MEMORY_MODULE = new URL('../dist/test/memory.js', import.meta.url).href;

/** The most bytes that this process has held. */
export const mostHeld = (): number => peakHeld() ?? process.resourceUsage().maxRSS * 1024;

/** From now on: how many bytes this process has held at most, beyond what it holds now. What it held before does not hide that. */
export function watchGrowth(): () => number {
  forgetPeak();
  const before = mostHeld();
  return () => mostHeld() - before;
}
