import { forgetPeak, peakHeld } from '../src/engines/guard/peak-held.js';

/*
 * Memory of processes, by VmHWM of /proc/self/status. Not by `maxRSS`: on Linux a process that was started begins with the peak of the
 * one that started it, and nothing takes it down again. Elsewhere there is only that.
 */

/** The compiled module that gives `peakHeld` to a process that a test starts. */
export const PEAK_MODULE = new URL('../dist/src/engines/guard/peak-held.js', import.meta.url).href;

const held = () => peakHeld() ?? process.resourceUsage().maxRSS * 1024;

/** From now on: how many bytes this process has held at most, beyond what it holds now. What it held before does not hide that. */
export function watchGrowth(): () => number {
  forgetPeak();
  const before = held();
  return () => held() - before;
}
