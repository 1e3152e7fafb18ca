import { readFileSync, writeFileSync } from 'node:fs';

/** Forgets what this process has held. @returns whether the system can (Linux, proc(5)) */
export function forgetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return true;
  } catch {
    return false;
  }
}

/** The most bytes that this process has held since it was forgotten; undefined where the system does not tell. */
export function peakHeld(): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
